"""PostgreSQL: the book of receipts, assertion ids, histories, and the clients of schema ``access``."""

from pathlib import Path
from typing import Final

SCHEMA: Final = "intake"
MIGRATIONS: Final = Path(__file__).parent / "migrations"
"""The schema's history, for ``shared.postgres.migrations.upgrade``."""
