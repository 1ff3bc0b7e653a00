"""A version of the directory by its id, so that a decision can be repeated with what it was made with."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from amtsweg.bus import known_address
from amtsweg.directory.folder import shipped
from amtsweg.directory.proposal import Tables
from amtsweg.directory.published import read
from amtsweg.language import said
from services.router.adapters.directory_files import MANIFEST
from services.router.domain.directory.model import Directory
from services.router.domain.directory.tables import BrokenDirectory
from services.router.domain.directory.tables import version as content_hash
from services.router.domain.directory.versions import UnknownVersion


def as_of(beginning: str, *, archive: Path | None, folder: Path | None = None) -> Directory:
    """The version whose id begins like this: from files where they have it, else from the bus.

    Files are the folder (else the shipped one) and those in ``archive``, as `amtsweg directory export` and
    `amtsweg directory archive` write them.

    Raises:
        UnknownVersion: it is nowhere; the text names those that are known, and where they were looked for.
        BrokenDirectory: a folder cannot be read, or this release cannot use the version.
        Unavailable: Kafka is away.
    """
    known = {content_hash(tables.land, tables.texts): tables for tables in _files(archive, folder)}
    where = said(de="hier", en="here")
    bus = known_address() if archive is None else None
    if bus is not None and not any(id_.startswith(beginning) for id_ in known):
        published = asyncio.run(read(bus)).versions.published
        known |= {version.id: Tables.of_version(version) for version in published}
        where = said(de="hier und auf dem Bus", en="here and on the bus")
    matching = [id_ for id_ in known if id_.startswith(beginning)]
    if len(matching) != 1:
        raise UnknownVersion(
            said(
                de=f"{beginning}: {'mehrere Fassungen beginnen' if matching else 'keine Fassung beginnt'} so; bekannt "
                f"({where}): {', '.join(known)}",
                en=f"{beginning}: {'several versions begin' if matching else 'no version begins'} so; "
                f"known {where} are: {', '.join(known)}",
            )
        )
    return known[matching[0]].directory()


def _files(archive: Path | None, folder: Path | None) -> Iterator[Tables]:
    yield Tables.of_folder(folder or shipped())
    if archive is not None:
        if not archive.is_dir():
            raise BrokenDirectory(str(archive), "is no folder")
        yield from (Tables.of_folder(found.parent) for found in sorted(archive.glob(f"**/{MANIFEST}")))
