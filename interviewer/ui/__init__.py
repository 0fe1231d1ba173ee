"""The Streamlit front end: pages draw values and send one event."""
