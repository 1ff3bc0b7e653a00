"""What a message says beyond the receipt and the law."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; days, numbers and codes alone, by name."""
    op.execute("ALTER TABLE messages ADD COLUMN facts jsonb NOT NULL DEFAULT '{}'")
