"""The log in PostgreSQL, schema ``audit``: entries, payloads, keys, the tree, what was published."""

from pathlib import Path
from typing import Final

SCHEMA: Final = "audit"
MIGRATIONS: Final = Path(__file__).parent / "migrations"
"""The schema's history, for ``shared.postgres.migrations.upgrade``."""
