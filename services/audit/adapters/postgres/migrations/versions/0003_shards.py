"""A log after another: what open cases bring with them."""

from alembic import op

revision = "0003_shards"
down_revision = "0002_completeness"
branch_labels = None
depends_on = None

_TABLES = """
create table carried (
    log smallint not null references logs,
    case_ref text not null,
    index bigint not null,
    event_id uuid not null,
    type text not null,
    time timestamptz not null,
    primary key (log, case_ref, index)
);
comment on table carried is 'What had happened in the log before to cases that were open when it was closed.'
"""


def upgrade() -> None:
    """Make the table."""
    for statement in _TABLES.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """There is no way back from a log."""
    raise NotImplementedError("a log is never unmade")
