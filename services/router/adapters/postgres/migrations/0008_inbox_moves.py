"""Where the doors last moved the position of each inbox, so that a process that freezes in between puts right what it undoes."""

from alembic import op

revision = "0008"
down_revision = "0007"

_TABLES = (
    """
    CREATE TABLE inbox_moves (
        authority text PRIMARY KEY,
        number bigint NOT NULL DEFAULT 1,
        place bigint NOT NULL
    )
    """,
    "COMMENT ON COLUMN inbox_moves.number IS 'grows with every move by the doors; written before Kafka is told'",
)


def upgrade() -> None:
    """Create the table."""
    for statement in _TABLES:
        op.execute(statement)
