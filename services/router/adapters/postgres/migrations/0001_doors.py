"""Answers that the doors accepted, webhooks, and how far each authority has read its inbox."""

from alembic import op

from shared.postgres.tables import leases_table

revision = "0001"
down_revision = None

_TABLES = (
    """
    CREATE TABLE answers (
        authority text NOT NULL,
        own_id text NOT NULL,
        case_id uuid NOT NULL,
        submission_id uuid NOT NULL,
        content_hash text NOT NULL,
        accepted_at timestamptz NOT NULL,
        held_until timestamptz NOT NULL,
        taken_at timestamptz,
        PRIMARY KEY (authority, own_id)
    )
    """,
    "COMMENT ON COLUMN answers.content_hash IS 'keyed, over case and answer'",
    "COMMENT ON COLUMN answers.accepted_at IS 'the instant that counts; a repetition keeps it'",
    "COMMENT ON COLUMN answers.held_until IS 'until then one attempt is under way, unless it is taken'",
    "CREATE INDEX answers_age ON answers (accepted_at)",
    """
    CREATE TABLE answer_mark (
        id boolean PRIMARY KEY DEFAULT true CHECK (id),
        number bigint NOT NULL,
        ends bigint[] NOT NULL
    )
    """,
    "COMMENT ON COLUMN answer_mark.number IS 'grows with every mark; a lower one than was seen before comes from a backup'",
    "COMMENT ON COLUMN answer_mark.ends IS 'by partition: every answer before this offset is in the store'",
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
    "COMMENT ON TABLE webhook_secrets IS 'which generation signs; the secrets themselves are derived and stand nowhere'",
    """
    CREATE TABLE inbox_looks (
        authority text PRIMARY KEY,
        fetched_at timestamptz,
        refused_answers bigint NOT NULL DEFAULT 0
    )
    """,
    "COMMENT ON TABLE inbox_looks IS 'for the authority''s own eyes; exact to a minute, and lost without harm'",
    """
    CREATE TABLE inbox_moves (
        authority text PRIMARY KEY,
        number bigint NOT NULL DEFAULT 1,
        place bigint NOT NULL
    )
    """,
    "COMMENT ON COLUMN inbox_moves.number IS 'grows with every move by the doors; written before Kafka is told'",
    "CREATE TABLE fetch_places (authority text PRIMARY KEY, place bigint NOT NULL)",
    "COMMENT ON TABLE fetch_places IS 'without it all that is confirmed is looked at again, and nothing is told twice'",
)


def upgrade() -> None:
    for statement in (*_TABLES, *leases_table()):
        op.execute(statement)
