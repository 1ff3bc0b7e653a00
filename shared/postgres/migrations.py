"""Bringing a service's schema to the newest version, before the service reads or writes anything."""

import re
from pathlib import Path
from typing import Final

import asyncpg

from shared.bounded_files import LARGE, read_bounded_text
from shared.postgres.pool import reaching_postgres

_REVISION: Final = re.compile(r'^(down_)?revision\b[^=]*= "(\w+)"$', re.MULTILINE)


class ForeignSchema(Exception):  # noqa: N818 - named for what is wrong
    """The schema was made by another release: it has seen a revision that this one does not have."""


async def upgrade(url: str, *, schema: str, folder: Path, password: str | None = None) -> None:
    """Run the revisions in ``folder`` that this schema has not seen, in one transaction.

    The schema is created if it is missing; Alembic's version table lies inside it.

    Raises:
        Unavailable: PostgreSQL cannot be reached.
        ForeignSchema: another release has changed the schema.
    """
    if is_newest(await _seen(url, schema=schema, password=password), schema=schema, folder=folder):
        return
    from shared.postgres import migration_runner  # noqa: PLC0415 - a second of processor time, needed at few starts

    await migration_runner.revise(url, schema=schema, folder=folder, password=password)


async def _seen(url: str, *, schema: str, password: str | None) -> set[str]:
    """The newest revisions that the schema has seen; none if there is no such schema."""
    with reaching_postgres():
        connection = await asyncpg.connect(url, password=password)
        try:
            rows = await connection.fetch(f'SELECT version_num FROM "{schema}".alembic_version')  # noqa: S608 - our own name
        except asyncpg.UndefinedTableError:
            return set()
        finally:
            await connection.close()
    return {row["version_num"] for row in rows}


def is_newest(seen: set[str], *, schema: str, folder: Path) -> bool:
    """Whether nothing is left to run of the revisions in the folder.

    Raises:
        ForeignSchema: the folder does not have what was seen.
    """
    found: dict[str, set[str]] = {"": set(), "down_": set()}
    for file in folder.glob("*.py"):
        for down, revision in _REVISION.findall(read_bounded_text(file, most=LARGE)):
            found[down].add(revision)
    if unknown := sorted(seen - found[""]):
        raise ForeignSchema(
            f"schema {schema} was made by another release: this one has no revision {', '.join(unknown)}"
        )
    return seen == found[""] - found["down_"]
