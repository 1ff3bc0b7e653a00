"""When each authority last fetched over HTTP, and how many of its answers were refused."""

from alembic import op

revision = "0003"
down_revision = "0002"

_TABLES = (
    """
    CREATE TABLE inbox_looks (
        authority text PRIMARY KEY,
        fetched_at timestamptz,
        refused_answers bigint NOT NULL DEFAULT 0
    )
    """,
    "COMMENT ON TABLE inbox_looks IS 'for the authority''s own eyes; exact to a minute, and lost without harm'",
)


def upgrade() -> None:
    """Create everything."""
    for statement in _TABLES:
        op.execute(statement)
