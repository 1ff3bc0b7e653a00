"""Which tables of the law the timers were set by."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the table of one row."""
    op.execute(
        "CREATE TABLE law_in_force (singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton), digest text NOT NULL)"
    )
