"""`amtsweg audit erase` and `expire`: payloads go, leaves and proofs stay, and the log says so."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import uuid4

import typer

from amtsweg.audit.rebuild import PasswordOption, UrlOption
from amtsweg.stack.description import StackDescription
from amtsweg.terminal import echo
from services.audit.adapters.key_files import read_secrecy
from services.audit.adapters.postgres.ledger import PostgresLedgers
from services.audit.app import SCHEMA
from services.audit.domain.refused import Refused
from services.audit.handler.erase import Eraser
from services.audit.handler.sequence import Sequencer
from shared.errors import Stopped, Unavailable
from shared.events.topics import CATALOGUE
from shared.postgres.pool import open_pool
from shared.settings import read_secret

T = TypeVar("T")

BasisOption = Annotated[str, typer.Option(help="Rechtsgrundlage, zum Beispiel: Art. 17 Abs. 1 DSGVO")]
OriginOption = Annotated[str | None, typer.Option(help="Name des Protokolls; sonst das des Stapels")]
SecretOption = Annotated[Path, typer.Option(help="Geheimnis des Protokolls")]

_SECRET = Path("var/keys/audit/pseudonyms.key")
_SEGMENT = timedelta(days=2)
"""A record that has expired lies on until its segment, of one day, is closed and deleted."""


def erase(
    *,
    case: Annotated[str, typer.Option(help="Vorgang: Kennung, Antragsnummer oder Pseudonym")],
    basis: BasisOption,
    origin: OriginOption = None,
    postgres_url: UrlOption = None,
    password_file: PasswordOption = None,
    pseudonym_key_file: SecretOption = _SECRET,
) -> None:
    """Vernichtet Schlüssel, Salze und Inhalte eines Vorgangs; die Einträge und alle Beweise bleiben."""
    done = _run(
        lambda eraser: eraser.erase(case, basis=basis),
        origin=origin,
        postgres_url=postgres_url,
        password_file=password_file,
        secret=pseudonym_key_file,
    )
    echo(f"{done.entries} Inhalte vernichtet; das steht als Eintrag {done.index} im Protokoll.")
    expires = done.order.last_sealed_copy_expires
    echo(f"Die letzte versiegelte Kopie auf dem Bus verfällt spätestens am {expires:%d.%m.%Y}.")
    echo("Zu vernichten sind jetzt auch die Sicherungen von audit.keys und das WAL-Archiv bis zu diesem")
    echo("Tag, sobald eine neue Sicherung gemacht ist (docs/operations.md).")


def expire(
    *,
    looks_before: Annotated[datetime, typer.Option(help="Tag (UTC)", formats=["%Y-%m-%d"])],
    basis: BasisOption,
    origin: OriginOption = None,
    postgres_url: UrlOption = None,
    password_file: PasswordOption = None,
    pseudonym_key_file: SecretOption = _SECRET,
) -> None:
    """Vernichtet, was Einsichten vor diesem Tag sagten (wer, was, wozu); dass es sie gab, bleibt bewiesen."""
    entries, index = _run(
        lambda eraser: eraser.expire(looks_before.replace(tzinfo=UTC), basis=basis),
        origin=origin,
        postgres_url=postgres_url,
        password_file=password_file,
        secret=pseudonym_key_file,
    )
    echo(f"{entries} Inhalte von Einsichten vernichtet; das steht als Eintrag {index} im Protokoll.")


def _run(
    work: Callable[[Eraser], Awaitable[T]],
    *,
    origin: str | None,
    postgres_url: str | None,
    password_file: Path | None,
    secret: Path,
) -> T:
    """Do the work on the log; a refusal ends the command with its reason."""
    if origin is None or postgres_url is None:
        stack = StackDescription.read()
        origin, postgres_url = origin or stack.audit.origin, postgres_url or stack.postgres.url
    password = None if password_file is None else read_secret(password_file)
    try:
        return asyncio.run(_erasing(work, origin=origin, url=postgres_url, password=password, secret=secret))
    except (Refused, Stopped, Unavailable) as failed:
        echo(f"FEHLER: {failed}", err=True)
        raise typer.Exit(1) from None


async def _erasing(
    work: Callable[[Eraser], Awaitable[T]], *, origin: str, url: str, password: str | None, secret: Path
) -> T:
    secrecy = read_secrecy(secret)
    async with await open_pool(url, schema=SCHEMA, password=password, size=2) as pool:
        eraser = Eraser(
            Sequencer(secrecy=secrecy, random_bytes=os.urandom),
            ledgers=PostgresLedgers(pool, origin=origin),
            secrecy=secrecy,
            clock=lambda: datetime.now(UTC),
            new_id=uuid4,
            sealed_for=max(t.retention for t in CATALOGUE if t.sealed and t.retention) + _SEGMENT,
        )
        done = await work(eraser)
        # A deleted row's bytes stay in its page. Those parts of the table of keys that hold somebody erased are
        # written anew, one after the other, so that the log waits for each but a moment; the payloads, unreadable
        # without their key, are only made room.
        parts = await pool.fetch(
            "select distinct tableoid::regclass::text from keys where key is null order by 1"
        )
        for (part,) in parts:
            await pool.execute(f"vacuum full {part}")
        await pool.execute("vacuum payloads")
    return done
