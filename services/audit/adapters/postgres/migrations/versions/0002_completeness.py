"""What must follow from what: obligations that are not met, kept up behind the log. And how to find more."""

from alembic import op

revision = "0002_completeness"
down_revision = "0001_audit"
branch_labels = None
depends_on = None

_TABLES = """
create table watched (
    log smallint primary key references logs,
    next bigint not null
);
comment on table watched is 'The first entry whose case has not been judged yet.';

create table obligations (
    log smallint not null references logs,
    case_ref text not null,
    rule text not null,
    index bigint not null,
    since timestamptz not null,
    due timestamptz not null,
    primary key (log, case_ref, rule, index)
);
comment on table obligations is 'What is not met; derived from entries, may be emptied together with watched.';
create index obligations_by_rule on obligations (log, rule, due);

create index entries_by_trace on entries (trace, log, index) where trace is not null;
create index entries_about_the_log on entries (type, log, index)
    where type in ('de.amtsweg.DayStated.v1', 'de.amtsweg.EvaluationRequested.v1');
"""


def upgrade() -> None:
    """Make the tables and indexes."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """There is no way back from a log."""
    raise NotImplementedError("a log is never unmade")
