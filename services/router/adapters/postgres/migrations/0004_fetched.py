"""How far it has been told of each inbox that its records are fetched, and which process tells."""

from alembic import op

revision = "0004"
down_revision = "0003"

_TABLES = (
    "CREATE TABLE fetch_places (authority text PRIMARY KEY, place bigint NOT NULL)",
    "COMMENT ON TABLE fetch_places IS 'without it all that is confirmed is looked at again, and nothing is told twice'",
    """
    CREATE TABLE fetch_lead (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        holder text NOT NULL,
        until timestamptz NOT NULL
    )
    """,
)


def upgrade() -> None:
    """Create everything."""
    for statement in _TABLES:
        op.execute(statement)
