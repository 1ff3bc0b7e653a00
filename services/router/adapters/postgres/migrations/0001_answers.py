"""The answers that were accepted at the door."""

from alembic import op

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
)


def upgrade() -> None:
    """Create everything."""
    for statement in _TABLES:
        op.execute(statement)
