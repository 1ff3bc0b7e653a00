"""What authorities have sealed for the clients, until the client has confirmed reading it."""

from alembic import op

revision = "0004"
down_revision = "0003"

_TABLES = (
    """
    CREATE TABLE messages (
        message_id uuid PRIMARY KEY,
        case_id uuid NOT NULL,
        client_id text NOT NULL,
        submission_id uuid NOT NULL,
        answer_id uuid NOT NULL,
        at timestamptz NOT NULL,
        authority text NOT NULL,
        kind text NOT NULL,
        outcome text,
        content text,
        position bigint GENERATED ALWAYS AS IDENTITY UNIQUE
    )
    """,
    "COMMENT ON COLUMN messages.content IS 'JWE for the client; nobody here can open it'",
    "CREATE INDEX messages_case ON messages (case_id, position)",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
