"""Timers, and what the clock knows of a case; without a word of the applicant's."""

from alembic import op

revision = "0003"
down_revision = "0002"

_TABLES = (
    """
    CREATE TABLE clocks (
        case_id uuid PRIMARY KEY,
        standing text NOT NULL CHECK (standing IN ('unheard', 'received', 'parked', 'routed', 'accepted', 'closed')),
        submission_id uuid,
        receipt jsonb,
        authority text,
        routed_at timestamptz
    )
    """,
    """
    CREATE TABLE timers (
        id uuid PRIMARY KEY,
        case_id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('forwarding', 'fetching', 'confirmation', 'ending', 'ended')),
        step integer NOT NULL,
        subject date NOT NULL,
        due_at timestamptz NOT NULL,
        struck_at timestamptz
    )
    """,
    "COMMENT ON COLUMN timers.struck_at IS 'kept, so that a timer that is set again does not strike twice'",
    "CREATE INDEX timers_due ON timers (due_at) WHERE struck_at IS NULL",
    "CREATE INDEX timers_of_a_case ON timers (case_id)",
)


def upgrade() -> None:
    """Create both tables."""
    for statement in _TABLES:
        op.execute(statement)
