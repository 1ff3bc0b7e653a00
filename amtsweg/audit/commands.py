"""`amtsweg audit`: check the files of a log, make them anew from the database."""

import asyncio
import os
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from amtsweg.audit.bus_check import check_bus
from amtsweg.audit.completeness import completeness, verify_statement_file
from amtsweg.audit.export import export, verify_export
from amtsweg.audit.folder import inspect_folder
from amtsweg.audit.rebuild import rebuild_database, rebuild_tiles
from amtsweg.audit.trust import policy_of
from amtsweg.stack.description import VAR, StackDescription
from services.audit.adapters.key_files import read_secrecy
from services.audit.adapters.postgres.ledger import PostgresLedgers
from services.audit.app import SCHEMA
from services.audit.domain.policy import Policy
from services.audit.domain.refused import Refused
from services.audit.domain.secrecy import Secrecy
from services.audit.handler.erase import Erased, Eraser
from services.audit.handler.sequence import Sequencer
from shared.events.topics import CATALOGUE
from shared.runtime.errors import Stopped, Unavailable
from shared.runtime.postgres import open_pool
from shared.runtime.settings import read_secret

commands = typer.Typer(no_args_is_help=True, help="Das Protokoll prüfen und wiederherstellen.")
commands.command()(completeness)
commands.command("verify-statement")(verify_statement_file)
commands.command("check-bus")(check_bus)
commands.command()(export)
commands.command("verify-export")(verify_export)
commands.command("rebuild-tiles")(rebuild_tiles)
commands.command("rebuild-database")(rebuild_database)

_STEP = 50_000


@commands.command()
def check(
    tiles: Annotated[Path | None, typer.Option(help="Ordner des Protokolls; sonst der des Stapels")] = None,
    log_key: Annotated[str | None, typer.Option(help="Schlüssel des Protokolls (vkey)")] = None,
    policy: Annotated[Path | None, typer.Option(help="Vertrauensregel (C2SP tlog-policy)")] = None,
) -> None:
    """Rechnet jede Kachel und die Wurzel aus den Einträgen nach; sagt, wie lange es gedauert hat."""
    began = time.perf_counter()
    if tiles is None or (log_key is None and policy is None):
        stack = StackDescription.read(VAR).audit
        tiles, log_key = tiles or stack.tile_directory, log_key or stack.verifier_key
    try:
        size, kinds = check_folder(tiles, policy=policy_of(log_key, policy))
    except Refused as refused:
        typer.echo(f"FEHLER: {refused}", err=True)
        raise typer.Exit(1) from None
    seconds = time.perf_counter() - began
    for kind, count in sorted(kinds.items()):
        typer.echo(f"  {count:>10}  {kind}")
    typer.echo(
        f"{size} Einträge geprüft in {seconds:.1f} s ({size / seconds:,.0f} je Sekunde): alles stimmt."
    )


@commands.command()
def erase(
    *,
    case: Annotated[str, typer.Option(help="Vorgang: Kennung, Antragsnummer oder Pseudonym")],
    basis: Annotated[str, typer.Option(help="Rechtsgrundlage, zum Beispiel: Art. 17 Abs. 1 DSGVO")],
    origin: Annotated[str | None, typer.Option(help="Name des Protokolls; sonst das des Stapels")] = None,
    postgres_url: Annotated[str | None, typer.Option(help="Datenbank; sonst die des Stapels")] = None,
    password_file: Annotated[Path | None, typer.Option(help="Datei mit dem Kennwort der Datenbank")] = None,
    pseudonym_key_file: Annotated[Path, typer.Option(help="Geheimnis des Protokolls")] = VAR
    / "keys/audit/pseudonyms.key",
) -> None:
    """Vernichtet Schlüssel, Salze und Inhalte eines Vorgangs; die Einträge und alle Beweise bleiben."""
    if origin is None or postgres_url is None:
        stack = StackDescription.read(VAR)
        origin, postgres_url = origin or stack.audit.origin, postgres_url or stack.postgres.url
    password = None if password_file is None else read_secret(password_file)
    try:
        secrecy = read_secrecy(pseudonym_key_file)
        done = asyncio.run(
            _erase(case, basis, secrecy=secrecy, origin=origin, url=postgres_url, password=password)
        )
    except (Refused, Stopped, Unavailable) as failed:
        typer.echo(f"FEHLER: {failed}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{done.entries} Inhalte vernichtet; das steht als Eintrag {done.index} im Protokoll.")
    expires = done.order.last_sealed_copy_expires
    typer.echo(f"Die letzte versiegelte Kopie auf dem Bus verfällt spätestens am {expires:%d.%m.%Y}.")
    typer.echo("Zu vernichten sind jetzt auch die Sicherungen von audit.keys und das WAL-Archiv bis zu diesem Tag,")
    typer.echo("sobald eine neue Sicherung gemacht ist (docs/operations.md).")


async def _erase(
    case: str, basis: str, *, secrecy: Secrecy, origin: str, url: str, password: str | None
) -> Erased:
    async with await open_pool(url, schema=SCHEMA, password=password, size=2) as pool:
        eraser = Eraser(
            Sequencer(secrecy=secrecy, random_bytes=os.urandom),
            ledgers=PostgresLedgers(pool, origin=origin),
            secrecy=secrecy,
            clock=lambda: datetime.now(UTC),
            new_id=uuid4,
            sealed_for=max(topic.retention for topic in CATALOGUE if topic.sealed and topic.retention),
        )
        done = await eraser.erase(case, basis=basis)
        # A deleted row's bytes stay in its page. The small table of keys is written anew, which leaves none; the
        # payloads, unreadable without their key, are only made room.
        await pool.execute("vacuum full keys")
        await pool.execute("vacuum payloads")
    return done


def check_folder(tiles: Path, *, policy: Policy) -> tuple[int, Counter[str]]:
    """Check a log's files; return its size and how many leaves there are of each type.

    Raises:
        Refused: something is missing, altered or not signed as the policy asks.
    """
    checkpoint, inspection = inspect_folder(tiles, policy)
    kinds: Counter[str] = Counter()
    for progress in inspection:
        kinds.update(leaf.type for leaf in progress.leaves)
        if progress.entries % _STEP == 0:
            typer.echo(f"  {progress.entries} von {checkpoint.size} …", err=True)
    return checkpoint.size, kinds
