"""The services' schemas: owned and migrated by a role that nobody logs in as, used by one that can change no table.

`<service>_owner` owns schema and tables. The role `<service>`, as which the service logs in, reads and writes rows.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from services.audit.adapters import postgres as audit
from services.intake.adapters import postgres as intake
from services.notifier.adapters import postgres as notifier
from services.router.adapters import postgres as doors

FOLDERS: Final[Mapping[str, Path]] = {
    each.SCHEMA: each.MIGRATIONS for each in (intake, doors, notifier, audit)
}
"""Each service that keeps tables, and the history of its schema."""

OLDEST_SERVER: Final = 170000
"""PostgreSQL 17: since then a role may be allowed to rewrite a table (``MAINTAIN``) that it does not own."""

_ROWS: Final = "select, insert, update, delete"


def owner(role: str) -> str:
    """The role that owns this service's schema; nobody logs in as it."""
    return f"{role}_owner"


def owned(role: str) -> Iterator[str]:
    """Statements that give schema and tables to the owner, also those that another role made."""
    yield f"create schema if not exists {role} authorization {owner(role)}"
    yield f"alter schema {role} owner to {owner(role)}"
    yield _ADOPT.format(schema=role, owner=owner(role))


def granted(role: str) -> Iterator[str]:
    """Statements that let the service read and write rows, and nothing else."""
    may = _ROWS + (", maintain" if role == "audit" else "")  # audit writes erased keys' pages anew
    yield f"revoke all on schema {role} from public, {role}"
    yield f"grant usage on schema {role} to {role}"
    yield f"revoke all on all tables in schema {role} from {role}"
    yield f"grant {may} on all tables in schema {role} to {role}"
    yield f"revoke insert, update, delete on {role}.alembic_version from {role}"
    yield f"grant usage on all sequences in schema {role} to {role}"
    # What a function of the owner makes later: a partition for the log of the next year.
    yield f"alter default privileges for role {owner(role)} in schema {role} grant {may} on tables to {role}"
    if role == "audit":
        yield "revoke execute on function audit.drop_log(text) from public"


_ADOPT: Final = """
do $$
declare
    found regclass;
    routine regprocedure;
begin
    for found in
        select oid from pg_class
        where relnamespace = '{schema}'::regnamespace and relkind in ('r', 'p', 'v', 'm')
            and relowner <> '{owner}'::regrole
    loop
        execute format('alter table %s owner to {owner}', found);
    end loop;
    for routine in
        select oid from pg_proc where pronamespace = '{schema}'::regnamespace and proowner <> '{owner}'::regrole
    loop
        execute format('alter function %s owner to {owner}', routine);
    end loop;
end $$
"""
