"""A page that holds a whiteboard alone; the drawing lives in a file, as a page keeps it in its store."""

import json
import os
from pathlib import Path

import streamlit as st

from interviewer.diagram import Diagram
from interviewer.ui import whiteboard

st.set_page_config(page_title="Whiteboard", page_icon="💬", layout="centered")
kept = Path(os.environ["WHITEBOARD_FILE"])
before = Diagram.model_validate(json.loads(kept.read_text(encoding="utf-8"))) if kept.exists() else Diagram()
after = whiteboard.board(before, "board")
if after != before:
    fresh = kept.with_suffix(".new")
    fresh.write_text(after.model_dump_json(), encoding="utf-8")
    fresh.replace(kept)  # at once, since a page that is being reloaded may be reading it
st.caption(f"{len(after.boxes)} boxes and {len(after.arrows)} arrows")
