"""A message may go on several channels, one after the other; what was handed over may come to more later."""

from alembic import op

revision = "0008"
down_revision = "0007"

_STATES = "'created', 'sending', 'sent', 'delayed', 'unread', 'delivered', 'failed', 'unknown', 'no-contact'"

_STATEMENTS = (
    "ALTER TABLE messages DROP CONSTRAINT messages_state_check",
    f"ALTER TABLE messages ADD CONSTRAINT messages_state_check CHECK (state IN ({_STATES}))",
    "ALTER TABLE messages ADD COLUMN client_id text NOT NULL DEFAULT ''",
    "ALTER TABLE messages ADD COLUMN channels text[] NOT NULL DEFAULT '{email}'",
    "ALTER TABLE messages ADD COLUMN unread_days integer",
    "COMMENT ON COLUMN messages.channels IS 'all ways to the applicant, the first one first'",
    "CREATE INDEX messages_unread ON messages (settled_at) WHERE channel = 'mailbox' AND state IN ('sent', 'unread')",
    "CREATE INDEX messages_due_on ON messages (channel, due_at) WHERE state = 'created'",
    "DROP INDEX messages_due",
)


def upgrade() -> None:
    """Add the columns and the states."""
    for statement in _STATEMENTS:
        op.execute(statement)
