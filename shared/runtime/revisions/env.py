"""Alembic runs this file; the work is in ``shared.runtime.migrations``."""

from shared.runtime.migrations import run_revisions

run_revisions()
