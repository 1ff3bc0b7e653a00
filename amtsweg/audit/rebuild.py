"""`amtsweg audit rebuild-…`: files from the database, and the database from files. Each is derived from the other."""

import asyncio
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer

from amtsweg.addresses import DatabaseUrlOption
from amtsweg.audit.folder import inspect_folder
from amtsweg.audit.trust import KeyOption, PolicyOption, policy_of
from amtsweg.exit_status import ANSWERED_NO
from amtsweg.input_words import failed_words
from amtsweg.language import said
from amtsweg.named_file import secret_in
from amtsweg.servers_asked import asked_pool
from amtsweg.stack.description import StackDescription
from amtsweg.terminal import echo, ended
from services.audit.adapters.postgres import MIGRATIONS, SCHEMA
from services.audit.adapters.postgres.committed import PostgresLog
from services.audit.adapters.postgres.rebuild import rebuild
from services.audit.adapters.tile_folder import TileFolder
from services.audit.domain.access_log import SOURCE
from services.audit.domain.merkle import CompactRange
from services.audit.domain.policy import Policy
from services.audit.handler.integrate import derive
from services.audit.ports import GROUP, Fork
from shared.postgres import migrations

PasswordOption = Annotated[Path | None, typer.Option(help="Datei mit dem Kennwort der Datenbank")]


def rebuild_tiles(
    *,
    tiles: Annotated[Path, typer.Option(help="Ordner, der entstehen oder ergänzt werden soll")],
    origin: Annotated[str | None, typer.Option(help="Name des Protokolls; sonst das des Stapels")] = None,
    postgres_url: DatabaseUrlOption = None,
    password_file: PasswordOption = None,
) -> None:
    """Schreibt alle Kacheln und Bündel neu aus der Datenbank; vorhandene werden Byte für Byte verglichen."""
    began = time.perf_counter()
    if origin is None or postgres_url is None:
        stack = StackDescription.read()
        origin, postgres_url = origin or stack.audit.origin, postgres_url or stack.postgres.url
    password = None if password_file is None else secret_in(password_file)
    size = _done(_tiles(TileFolder(tiles), origin=origin, url=postgres_url, password=password))
    echo(
        said(
            de=f"{size} Einträge neu geschrieben in {time.perf_counter() - began:.1f} s.",
            en=f"{size} entries rewritten in {time.perf_counter() - began:.1f} s.",
        )
    )


def rebuild_database(
    *,
    tiles: Annotated[Path, typer.Option(help="Ordner des Protokolls", exists=True, file_okay=False)],
    log_key: KeyOption = None,
    policy: PolicyOption = None,
    postgres_url: DatabaseUrlOption = None,
    password_file: PasswordOption = None,
) -> None:
    """Stellt Reihenfolge, Hashwerte und Kennungen in einer leeren Datenbank aus den Dateien wieder her."""
    began = time.perf_counter()
    url = postgres_url or StackDescription.read().postgres.url
    password = None if password_file is None else secret_in(password_file)
    size = _done(_database(tiles, policy_of(log_key, policy), url=url, password=password))
    echo(
        said(
            de=f"{size} Einträge wiederhergestellt in {time.perf_counter() - began:.1f} s.",
            en=f"{size} entries restored in {time.perf_counter() - began:.1f} s.",
        )
    )
    echo(
        said(
            de="Salze und Inhalte stehen nur in der Sicherung; ohne sie bleiben die Einträge verschlossen.",
            en="Salts and contents are in the backup only; without it the entries stay closed.",
        )
    )


def _done(work: Coroutine[None, None, int]) -> int:
    try:
        return asyncio.run(work)
    except Fork as failed:
        raise ended(failed_words(failed), ANSWERED_NO) from None


async def _tiles(folder: TileFolder, *, origin: str, url: str, password: str | None) -> int:
    async with await asked_pool(url, schema=SCHEMA, password=password, size=2) as pool:
        log = PostgresLog(pool, origin=origin, source=SOURCE)
        tree = await log.frontier()
        await derive(CompactRange(), tree, log=log, shelf=folder)
    return tree.size


async def _database(tiles: Path, policy: Policy, *, url: str, password: str | None) -> int:
    intended = await TileFolder(tiles).signed()
    checkpoint, inspection = inspect_folder(tiles, policy, intended=intended)
    await migrations.upgrade(url, schema=SCHEMA, folder=MIGRATIONS, password=password)
    async with await asked_pool(url, schema=SCHEMA, password=password, size=2) as pool:
        positions = await TileFolder(tiles).positions()
        await rebuild(pool, checkpoint, inspection, consumer=GROUP, positions=positions)
    return checkpoint.size
