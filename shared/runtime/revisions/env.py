"""Alembic runs this file; the work is in ``shared.runtime.revising``."""

from shared.runtime.revising import run_revisions

run_revisions()
