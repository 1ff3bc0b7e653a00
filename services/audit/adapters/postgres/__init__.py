"""The log in PostgreSQL, schema ``audit``: entries, payloads, keys, the tree, what was published."""

from pathlib import Path

MIGRATIONS = Path(__file__).parent / "migrations" / "versions"
"""The schema's history, for ``shared.postgres.migrations.upgrade``."""
