"""One table for every lead that goes with time."""

from alembic import op

from shared.postgres.tables import leases_table

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create it; whoever leads by the former tables leads no more when the lease there has ended."""
    for statement in (*leases_table(), "DROP TABLE webhook_lead", "DROP TABLE fetch_lead"):
        op.execute(statement)
