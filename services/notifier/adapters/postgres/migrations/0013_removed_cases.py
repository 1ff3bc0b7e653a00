"""A case is removed some time after it has closed; its id stays, so that an event that comes later has no effect."""

from alembic import op

from shared.postgres.tables import ids_table

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create the table of ids, and find the cases that are to be removed."""
    for statement in ids_table("removed_cases", "case_id"):
        op.execute(statement)
    op.execute("COMMENT ON TABLE removed_cases IS 'goes when Kafka has no event of the case any more'")
    op.execute("CREATE INDEX cases_to_remove ON cases (closed_at) WHERE contact_state <> 'sealed'")
