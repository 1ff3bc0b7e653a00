"""An operator finds a case by the client's own reference without reading every receipt."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX receipts_reference_in_clear ON receipts (client_reference, received_at DESC) "
        "WHERE client_reference IS NOT NULL AND taken_at IS NOT NULL"
    )
