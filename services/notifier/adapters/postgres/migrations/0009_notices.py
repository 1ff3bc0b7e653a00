"""What authorities have sealed to us for a message, and which message says it."""

from alembic import op

revision = "0009"
down_revision = "0008"

_TABLES = (
    "CREATE TABLE notices (about uuid PRIMARY KEY, case_id uuid NOT NULL, sealed text NOT NULL)",
    "COMMENT ON TABLE notices IS 'a JWE for the notifier; deleted with the contact of its case'",
    "COMMENT ON COLUMN notices.about IS 'the event that told the effect of the answer that it came with'",
    "CREATE INDEX notices_of_a_case ON notices (case_id)",
    "ALTER TABLE messages ADD COLUMN notice uuid",
)


def upgrade() -> None:
    """Create the table, and let a message point to it."""
    for statement in _TABLES:
        op.execute(statement)
