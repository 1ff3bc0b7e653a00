"""Alembic runs this file; the work is in ``shared.postgres.migration_runner``."""

from shared.postgres.migration_runner import run_revisions

run_revisions()
