"""Which cases are erased: what an event brings back later is destroyed as well."""

from alembic import op

revision = "0003"
down_revision = "0002"

_TABLES = (
    """
    CREATE TABLE erased_cases (
        case_id uuid PRIMARY KEY,
        erased_at timestamptz NOT NULL DEFAULT now()
    )
    """,
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
