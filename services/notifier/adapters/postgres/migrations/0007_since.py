"""Since when a case stands as it does; and what its period depends on, also where its messages are planned."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Rename and add the columns."""
    op.execute("ALTER TABLE clocks RENAME COLUMN routed_at TO since")
    op.execute("ALTER TABLE cases ADD COLUMN progress jsonb NOT NULL DEFAULT '{}'")
