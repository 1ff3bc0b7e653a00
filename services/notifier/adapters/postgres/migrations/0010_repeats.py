"""How often a message was offered again although it may have been taken; and when it was handed over, whatever came later."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the columns; what lies in a mailbox or was bounced since has been handed over as well."""
    op.execute("ALTER TABLE messages ADD COLUMN repeats integer NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE messages ADD COLUMN handed_over_at timestamptz")
    op.execute("UPDATE messages SET handed_over_at = settled_at WHERE state = 'sent'")
    op.execute("CREATE INDEX messages_handed_over ON messages (handed_over_at)")
    op.execute("DROP INDEX messages_sent")
