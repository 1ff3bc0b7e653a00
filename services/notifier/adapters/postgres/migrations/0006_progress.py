"""What has happened to a case since its receipt, as far as its period depends on it."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE clocks ADD COLUMN progress jsonb NOT NULL DEFAULT '{}'")
