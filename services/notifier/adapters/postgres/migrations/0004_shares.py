"""What was sent lately is counted for `GET /v1/status`."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Find what was sent since a moment without reading everything."""
    op.execute("CREATE INDEX messages_sent ON messages (settled_at) WHERE state = 'sent'")
