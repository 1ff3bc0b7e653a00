"""References by their hash, receipts by their number, and whether an event has told a receipt's facts."""

from alembic import op

revision = "0002"
down_revision = "0001"

_CHANGES = (
    "ALTER TABLE receipts ADD COLUMN client_reference_hash text, ADD COLUMN told_at timestamptz",
    "COMMENT ON COLUMN receipts.client_reference IS 'in clear here only; null in a row restored from the events'",
    "COMMENT ON COLUMN receipts.told_at IS 'when the first event told these facts; from then on they stand'",
    "CREATE INDEX receipts_reference ON receipts (client_reference_hash)",
    "CREATE INDEX receipts_number ON receipts (receipt_number)",
)


def upgrade() -> None:
    for statement in _CHANGES:
        op.execute(statement)
