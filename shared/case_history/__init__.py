"""A case's history, one line per event: what happened, when and by which authority, without content and personal data."""
