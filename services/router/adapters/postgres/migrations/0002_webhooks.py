"""Where authorities are told of new records, and how far that has got."""

from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = (
    "CREATE SEQUENCE webhook_revisions",
    """
    CREATE TABLE webhooks (
        authority text PRIMARY KEY,
        principal text NOT NULL,
        url text NOT NULL,
        registered_at timestamptz NOT NULL DEFAULT now(),
        revision bigint NOT NULL DEFAULT nextval('webhook_revisions'),
        announced bigint NOT NULL DEFAULT 0,
        attempts integer NOT NULL DEFAULT 0,
        next_at timestamptz,
        failing_since timestamptz,
        heard_at timestamptz,
        last_failure text,
        failed_calls bigint NOT NULL DEFAULT 0,
        laid_aside bigint NOT NULL DEFAULT 0,
        reminders integer NOT NULL DEFAULT 0,
        ended text CHECK (ended IN ('gone', 'unreachable', 'withdrawn'))
    )
    """,
    "COMMENT ON COLUMN webhooks.revision IS 'new with every change that the sender has to begin anew for'",
    "COMMENT ON COLUMN webhooks.announced IS 'the next place that the receiver has not heard of; what is confirmed stands in Kafka'",
    "COMMENT ON COLUMN webhooks.attempts IS 'failures in a row at this place'",
    """
    CREATE TABLE webhook_secrets (
        principal text PRIMARY KEY,
        generation integer NOT NULL DEFAULT 1,
        previous_until timestamptz
    )
    """,
    """
    CREATE TABLE webhook_lead (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        holder text NOT NULL,
        until timestamptz NOT NULL
    )
    """,
    "COMMENT ON TABLE webhook_lead IS 'the one process that calls; whoever freezes loses the lead with time'",
    "COMMENT ON TABLE webhook_secrets IS 'which generation signs; the secrets themselves are derived and stand nowhere'",
)


def upgrade() -> None:
    """Create everything."""
    for statement in _TABLES:
        op.execute(statement)
