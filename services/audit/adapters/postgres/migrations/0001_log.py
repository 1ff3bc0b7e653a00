"""The log: entries, payloads and keys, the tree, what was published, what must follow. A part of each table per log."""

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
    rebuilt_size bigint not null default 0,
    known_events bytea,
    intended_size bigint not null default 0,
    intended_root bytea not null default sha256(''),
    published_size bigint not null default 0,
    published_at timestamptz
);
comment on table logs is 'One row per log (a year); its row lock orders all writers. Dropping a year: drop_log().';
comment on column logs.known_events is 'The secret that names events over all logs, wrapped under this log''s own.';
comment on column logs.rebuilt_size is 'So many entries were made anew from files: their events have no names.';

create table entries (
    index bigint not null,
    time timestamptz not null,
    id uuid not null,
    case_ref uuid,
    actor_ref uuid,
    log smallint not null,
    type text not null,
    authority text,
    service text,
    effects bytea,
    leaf bytea not null,
    primary key (log, index)
) partition by list (log);
comment on table entries is 'The leaves, and beside each what it can be found by: keyed, no personal data.';
comment on column entries.effects is 'The ids that effects of this event would have, 16 bytes each.';
create index entries_by_id on entries (id);
create index entries_by_case on entries (case_ref, index);
create index entries_by_actor on entries (actor_ref, index) where actor_ref is not null;
create index entries_by_authority on entries (authority, index) where authority is not null;
create index entries_by_time on entries using brin (time);
create index entries_about_the_log on entries (type, index)
    where type in ('de.amtsweg.DayStated.v1', 'de.amtsweg.EvaluationRequested.v1', 'de.amtsweg.EraseOrdered.v1');

create table events (id uuid primary key) partition by hash (id);
comment on table events is 'Names of the events of all logs, keyed: none becomes a second leaf. Says nothing else.';

create table keys (
    log smallint not null,
    owner uuid not null,
    key bytea,
    written_anew boolean not null default true,
    primary key (log, owner)
) partition by list (log);
create index on keys (log) where not written_anew;
comment on column keys.written_anew is 'False from an erasure until no page of the part holds the key any more.';
comment on table keys is 'One key per case; null once the case is erased. Not part of the main dump.';

create table payloads (
    index bigint not null,
    log smallint not null,
    sealed bytea not null,
    primary key (log, index)
) partition by list (log);
comment on table payloads is 'Salt and payload of a leaf, encrypted under the key of its owner: its case, or who acted.';

create table tokens (
    token uuid not null,
    case_ref uuid not null,
    log smallint not null,
    primary key (log, token, case_ref)
) partition by list (log);
comment on table tokens is 'What a case can be found by (receipt number, reference, trace), keyed; gone with an erasure.';

create table subtrees (
    log smallint not null,
    level smallint not null,
    index bigint not null,
    hash bytea not null,
    primary key (log, level, index)
) partition by list (log);
comment on table subtrees is 'The hashes of complete subtrees of 256, 65536, ... leaves.';

create table watched (log smallint primary key references logs on delete cascade, next bigint not null);
comment on table watched is 'The first entry whose case has not been judged yet.';

create table obligations (
    case_ref uuid not null,
    index bigint not null,
    since timestamptz not null,
    due timestamptz not null,
    log smallint not null,
    rule text not null,
    primary key (log, case_ref, rule, index)
) partition by list (log);
comment on table obligations is 'What is not met; derived from entries, may be emptied together with watched.';
create index obligations_by_rule on obligations (rule, due);

create table carried (
    index bigint not null,
    time timestamptz not null,
    id uuid not null,
    case_ref uuid not null,
    log smallint not null,
    type text not null,
    effects bytea,
    event bytea,
    primary key (log, case_ref, id)
) partition by list (log);
comment on table carried is 'What had happened in the log before to cases that were open when it was closed.';
comment on column carried.event is 'The event''s own id under this log''s secret, for the next log; null once erased.'
"""

_EVENT_PARTS = 16

_ADD_LOG = """
create function add_log(wanted text) returns void language plpgsql security definer set search_path from current as $$
declare
    made smallint;
    part text;
begin
    insert into logs (origin) values (wanted) on conflict do nothing returning id into made;
    if made is null then
        return;
    end if;
    foreach part in array array['entries', 'payloads', 'tokens', 'subtrees', 'obligations', 'carried'] loop
        execute format('create table %I partition of %I for values in (%s)', part || '_' || made, part, made);
    end loop;
    execute format('alter table %I alter column sealed set storage external', 'payloads_' || made);
    execute format('create table %I partition of keys for values in (%s) partition by hash (owner)', 'keys_' || made, made);
    for hash in 0..31 loop
        execute format('create table %I partition of %I for values with (modulus 32, remainder %s)',
            'keys_' || made || '_' || hash, 'keys_' || made, hash);
    end loop;
end $$
"""
_DROP_LOG = """
create function drop_log(wanted text) returns void language plpgsql set search_path from current as $$
declare
    gone smallint := (select id from logs where origin = wanted and closed_at is not null);
    part text;
begin
    if gone is null then
        raise exception 'there is no closed log %', wanted;
    end if;
    foreach part in array array['entries', 'payloads', 'keys', 'tokens', 'subtrees', 'obligations', 'carried'] loop
        execute format('alter table %I detach partition %I', part, part || '_' || gone);
        execute format('drop table %I', part || '_' || gone);
    end loop;
    delete from logs where id = gone;
end $$
"""


def upgrade() -> None:
    """Make the tables of the log, and those of the runtime."""
    own = (statement for statement in _TABLES.split(";\n") if statement.strip())
    for statement in (*own, _ADD_LOG, _DROP_LOG, *offsets_table(), *outbox_table()):
        op.execute(statement)
    for remainder in range(_EVENT_PARTS):
        op.execute(
            f"create table events_{remainder} partition of events "
            f"for values with (modulus {_EVENT_PARTS}, remainder {remainder})"
        )


def downgrade() -> None:
    """There is no way back from a log."""
    raise NotImplementedError("a log is never unmade")
