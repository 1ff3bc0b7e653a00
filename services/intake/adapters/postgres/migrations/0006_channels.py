"""On which ways the applicant can be told is a fact of receipt."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE receipts ADD COLUMN channels text")
