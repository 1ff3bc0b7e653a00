"""Where Alembic finds its ``env.py``; each service keeps its own revisions."""
