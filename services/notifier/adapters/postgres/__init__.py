"""PostgreSQL, schema `notifier`: what is known of cases, the messages that wait, what became of them."""

from pathlib import Path
from typing import Final

SCHEMA: Final = "notifier"
MIGRATIONS: Final = Path(__file__).parent / "migrations"
"""The schema's history, for ``shared.postgres.migrations.upgrade``."""
