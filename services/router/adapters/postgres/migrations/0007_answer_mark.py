"""How far the store of answers certainly has what Kafka has, so that a store that was set back is noticed."""

from alembic import op

revision = "0007"
down_revision = "0006"

_TABLES = (
    """
    CREATE TABLE answer_mark (
        id boolean PRIMARY KEY DEFAULT true CHECK (id),
        number bigint NOT NULL,
        ends bigint[] NOT NULL
    )
    """,
    "COMMENT ON COLUMN answer_mark.number IS 'grows with every mark; a lower one than was seen before comes from a backup'",
    "COMMENT ON COLUMN answer_mark.ends IS 'by partition: every answer before this offset is in the store'",
)


def upgrade() -> None:
    """Create the table."""
    for statement in _TABLES:
        op.execute(statement)
