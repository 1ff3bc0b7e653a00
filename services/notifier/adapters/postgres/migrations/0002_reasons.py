"""Why a message failed, and how often an operator has had it sent again."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add both columns, and find quickly what an operator asks for."""
    op.execute("ALTER TABLE messages ADD COLUMN reason text, ADD COLUMN retries integer NOT NULL DEFAULT 0")
    op.execute(
        "CREATE INDEX messages_to_look_at ON messages (settled_at) WHERE state IN ('failed', 'unknown')"
    )
