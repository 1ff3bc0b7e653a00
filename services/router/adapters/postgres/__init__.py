"""PostgreSQL, schema ``doors``: the answers that were accepted."""

from pathlib import Path
from typing import Final

SCHEMA: Final = "doors"
MIGRATIONS: Final = Path(__file__).parent / "migrations"
"""The schema's history, for ``shared.postgres.migrations.upgrade``."""
