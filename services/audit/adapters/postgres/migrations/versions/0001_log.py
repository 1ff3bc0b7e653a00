"""The log: entries, payloads and keys, the tree, what was published."""

from alembic import op

from shared.postgres.tables import offsets_table, outbox_table

revision = "0001_audit"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = """
create table logs (
    id smallint generated always as identity primary key,
    origin text not null unique,
    size bigint not null default 0,
    peaks bytea not null default '',
    root bytea not null default sha256(''),
    closed_at timestamptz,
    intended_size bigint not null default 0,
    intended_root bytea not null default sha256(''),
    published_size bigint not null default 0,
    published_at timestamptz
);
comment on table logs is 'One row per log (a yearly shard); its row lock orders all writers.';

create table entries (
    log smallint not null references logs,
    index bigint not null,
    event_id uuid not null unique,
    type text not null,
    time timestamptz not null,
    case_ref text,
    actor_ref text,
    authority text,
    service text,
    trace text,
    leaf bytea not null,
    primary key (log, index)
);
comment on table entries is 'The leaves, and beside each what it can be found by. No personal data.';
create index entries_by_case on entries (case_ref, log, index);
create index entries_by_actor on entries (actor_ref, log, index) where actor_ref is not null;
create index entries_by_authority on entries (authority, log, index) where authority is not null;
create index entries_by_time on entries using brin (time);

create table keys (
    log smallint not null references logs,
    owner text not null,
    key bytea not null,
    primary key (log, owner)
);
comment on table keys is 'One key per case; its deletion is the erasure. Not part of the main dump.';

create table payloads (
    log smallint not null,
    index bigint not null,
    owner text not null,
    sealed bytea not null,
    primary key (log, index)
);
comment on table payloads is 'Salt and payload of a leaf, encrypted under the key of its owner.';
alter table payloads alter column sealed set storage external;

create table subtrees (
    log smallint not null,
    level smallint not null,
    index bigint not null,
    hash bytea not null,
    primary key (log, level, index)
);
comment on table subtrees is 'The hashes of complete subtrees of 256, 65536, ... leaves.';
"""


def upgrade() -> None:
    """Make the tables of the log, and those of the runtime."""
    own = (statement for statement in _TABLES.split(";\n") if statement.strip())
    for statement in (*own, *offsets_table(), *outbox_table()):
        op.execute(statement)


def downgrade() -> None:
    """There is no way back from a log."""
    raise NotImplementedError("a log is never unmade")
