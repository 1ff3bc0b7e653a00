"""Each lead has a number, so that a process that wakes up under an older one cannot write."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column where the table is older than it."""
    op.execute("ALTER TABLE leases ADD COLUMN IF NOT EXISTS number bigint NOT NULL DEFAULT 1")
