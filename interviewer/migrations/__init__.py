"""The database's schema, as alembic revisions."""
