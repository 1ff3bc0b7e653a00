"""A case may have more than one receipt: of its submission, of supplements, of its withdrawal."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("ALTER TABLE receipts ADD COLUMN kind text NOT NULL DEFAULT 'submission'")
