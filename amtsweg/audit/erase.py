"""`amtsweg audit erase`, `erase-closed` and `expire`: payloads go, leaves and proofs stay, and the log says so."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import uuid4

import typer

from amtsweg.addresses import DatabaseUrlOption
from amtsweg.audit.erase_order import OrderedErasure, order, outcome
from amtsweg.audit.rebuild import PasswordOption
from amtsweg.bus import operator_address
from amtsweg.exit_status import ANSWERED_NO, UNDECIDED
from amtsweg.input_words import failed_words
from amtsweg.interruption import if_interrupted
from amtsweg.language import said
from amtsweg.named_file import secret_in
from amtsweg.servers_asked import asked_pool
from amtsweg.stack.description import StackDescription
from amtsweg.terminal import echo, ended
from services.audit.adapters.key_files import read_secrecy
from services.audit.adapters.postgres import SCHEMA
from services.audit.adapters.postgres.erasures import PostgresErasures
from services.audit.adapters.postgres.ledger import PostgresLedgers
from services.audit.domain.pseudonyms import Pseudonymizer
from services.audit.handler.erase import Erased, Eraser
from services.audit.handler.sequence import Sequencer
from shared.errors import Stopped
from shared.postgres.pool import Pool

T = TypeVar("T")

BasisOption = Annotated[str, typer.Option(help="Rechtsgrundlage, zum Beispiel: Art. 17 Abs. 1 DSGVO")]
OriginOption = Annotated[str | None, typer.Option(help="Name des Protokolls; sonst das des Stapels")]
LogSecretOption = Annotated[Path | None, typer.Option(help="Geheimnis des Protokolls; sonst das des Stapels")]
SuccessorOption = Annotated[str | None, typer.Option(help="Protokoll, das auf ein geschlossenes folgt")]
SuccessorSecretOption = Annotated[Path | None, typer.Option(help="dessen Geheimnis")]
DumpsOption = Annotated[int, typer.Option(help="so viele Tage werden Sicherungen aufbewahrt", min=0)]

_PATIENCE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAccess:
    """Which log, and what opens it; where it is closed, the one that follows records what is done to it."""

    origin: str
    postgres_url: str
    password: str | None
    secrecy: Pseudonymizer
    successor: tuple[str, Pseudonymizer] | None = None


def erase(
    *,
    case: Annotated[
        str, typer.Option(help="Eingangsnummer, Aktenzeichen der Plattform, Kennung oder Pseudonym")
    ],
    basis: BasisOption,
    origin: OriginOption = None,
    postgres_url: DatabaseUrlOption = None,
    password_file: PasswordOption = None,
    pseudonym_key_file: LogSecretOption = None,
) -> None:
    """Ordnet an, einen Vorgang überall zu löschen, und wartet, bis alle Dienste es gemeldet haben."""
    log = _access(origin, postgres_url, password_file, pseudonym_key_file)

    async def ordering(pool: Pool) -> OrderedErasure:
        address = operator_address("desk")
        return await order(case, basis, pool=pool, origin=log.origin, secrecy=log.secrecy, address=address)

    async def waiting(pool: Pool) -> OrderedErasure:
        return await outcome(ordered, pool=pool, origin=log.origin, secrecy=log.secrecy, patience=_PATIENCE)

    with if_interrupted(_perhaps_erased):
        ordered = _run(log, ordering)
    echo(said(de=f"Angeordnet: Vorgang {ordered.pseudonym}.", en=f"Ordered: case {ordered.pseudonym}."))
    with if_interrupted(_will_be_erased):
        done = _run(log, waiting)
    if done.index is None:
        seconds, missing = f"{_PATIENCE.total_seconds():g}", ", ".join(done.missing)
        raise ended(
            said(
                de=f"Nach {seconds} s fehlt noch die Meldung von: {missing}.\n"
                "Die Anordnung geht nicht verloren; der Vorgang wird gelöscht, sobald alle gemeldet haben.",
                en=f"After {seconds} s these have not reported yet: {missing}.\n"
                "The order is not lost; the case is erased once all of them have.",
            ),
            UNDECIDED,
        )
    echo(
        said(
            de=f"Überall gelöscht; das steht als Eintrag {done.index} im Protokoll.",
            en=f"Erased everywhere; entry {done.index} of the log says so.",
        )
    )
    _tell(done.said)


def _perhaps_erased() -> str:
    return said(
        de="Abgebrochen. Ob die Löschung schon angeordnet ist, steht nicht fest; derselbe Aufruf noch einmal klärt es.",
        en="Interrupted. The erasure may be ordered already or not; the same call once more settles it.",
    )


def _will_be_erased() -> str:
    return said(
        de="Abgebrochen ist nur das Warten. Die Löschung ist angeordnet und geht nicht verloren.",
        en="Only the waiting is interrupted. The erasure is ordered and is not lost.",
    )


def erase_closed(
    *,
    case: Annotated[str, typer.Option(help="Kennung des Vorgangs oder Antrags, oder sein Pseudonym")],
    basis: BasisOption,
    origin: Annotated[str, typer.Option(help="Name des geschlossenen Protokolls")],
    pseudonym_key_file: Annotated[Path, typer.Option(help="dessen Geheimnis", exists=True)],
    successor_origin: Annotated[str, typer.Option(help="Protokoll, in dem die Löschung steht")],
    successor_key_file: Annotated[Path, typer.Option(help="dessen Geheimnis", exists=True)],
    dumps_kept: DumpsOption = 30,
    postgres_url: DatabaseUrlOption = None,
    password_file: PasswordOption = None,
) -> None:
    """Vernichtet, was ein geschlossenes Protokoll über einen Vorgang enthält; der Nachfolger hält es fest."""
    log = _access(
        origin, postgres_url, password_file, pseudonym_key_file, (successor_origin, successor_key_file)
    )

    async def work(pool: Pool) -> Erased:
        erasures = PostgresErasures(pool, origin=log.origin, secrecy=log.secrecy)
        for left in await erasures.not_written_anew():  # by an attempt that died after it had erased
            await erasures.write_anew(left)
        done = await _eraser(log, pool, dumps_kept).erase(case, basis=basis)
        await erasures.write_anew(done.case)
        return done

    done = _run(log, work)
    echo(
        said(
            de=f"{done.entries} Inhalte vernichtet; das steht {_entry(done.index)} in {successor_origin}.",
            en=f"{done.entries} payloads destroyed; {successor_origin} says so {_entry(done.index)}.",
        )
    )
    _tell(done.order.model_dump(mode="json", by_alias=True))


def expire(
    *,
    looks_before: Annotated[datetime, typer.Option(help="Tag (UTC)", formats=["%Y-%m-%d"])],
    basis: BasisOption,
    origin: OriginOption = None,
    successor_origin: SuccessorOption = None,
    successor_key_file: SuccessorSecretOption = None,
    postgres_url: DatabaseUrlOption = None,
    password_file: PasswordOption = None,
    pseudonym_key_file: LogSecretOption = None,
) -> None:
    """Vernichtet, was Einsichten vor diesem Tag sagten (wer, was, wozu); dass es sie gab, bleibt bewiesen."""
    log = _access(
        origin, postgres_url, password_file, pseudonym_key_file, (successor_origin, successor_key_file)
    )

    async def work(pool: Pool) -> tuple[int, int | None]:
        done = await _eraser(log, pool, 0).expire(looks_before.replace(tzinfo=UTC), basis=basis)
        await pool.execute("vacuum payloads")
        return done

    entries, index = _run(log, work)
    echo(
        said(
            de=f"{entries} Inhalte von Einsichten vernichtet; das steht {_entry(index)} im Protokoll.",
            en=f"{entries} payloads of looks destroyed; the log says so {_entry(index)}.",
        )
    )


def _entry(index: int | None) -> str:
    if index is None:
        return said(de="schon", en="already")
    return said(de=f"als Eintrag {index}", en=f"in entry {index}")


def _tell(told: dict[str, Any]) -> None:
    for copy in told["remaining"]:
        echo(f"  {copy['until'][:10]}  {copy['what']}")
    last = told["lastCopyExpires"][:10]
    echo(
        said(
            de=f"Die letzte Kopie, die niemand erreicht, ist spätestens am {last} fort.\n"
            "Zu vernichten sind jetzt auch die Sicherungen von audit.keys und das WAL-Archiv bis zu diesem\n"
            "Tag, sobald eine neue Sicherung gemacht ist (docs/operations.md).",
            en=f"The last copy that nobody reaches is gone on {last} at the latest.\n"
            "Now destroy the backups of audit.keys and the WAL archive up to this day as well, as soon as a\n"
            "new backup is made (docs/operations.md).",
        )
    )


def _access(
    origin: str | None,
    postgres_url: str | None,
    password_file: Path | None,
    secret: Path | None,
    successor: tuple[str | None, Path | None] = (None, None),
) -> LogAccess:
    if origin is None or postgres_url is None or secret is None:
        stack = StackDescription.read()
        origin, postgres_url = origin or stack.audit.origin, postgres_url or stack.postgres.url
        secret = secret or stack.audit.pseudonym_key_file
    next_origin, next_secret = successor
    if (next_origin is None) != (next_secret is None):
        raise typer.BadParameter(
            said(
                de="--successor-origin und --successor-key-file gehören zusammen",
                en="--successor-origin and --successor-key-file belong together",
            )
        )
    return LogAccess(
        origin=origin,
        postgres_url=postgres_url,
        password=None if password_file is None else secret_in(password_file),
        secrecy=read_secrecy(secret),
        successor=None
        if next_origin is None or next_secret is None
        else (next_origin, read_secrecy(next_secret)),
    )


def _eraser(log: LogAccess, pool: Pool, dumps_kept: int) -> Eraser:
    recording = log.secrecy if log.successor is None else log.successor[1]
    return Eraser(
        Sequencer(secrecy=recording, random_bytes=os.urandom),
        ledgers=PostgresLedgers(pool, origin=log.origin),
        secrecy=log.secrecy,
        clock=lambda: datetime.now(UTC),
        new_id=uuid4,
        dumps_kept=timedelta(days=dumps_kept),
        recorded_in=None if log.successor is None else PostgresLedgers(pool, origin=log.successor[0]),
        successor=None if log.successor is None else log.successor[1],
    )


def _run(log: LogAccess, work: Callable[[Pool], Awaitable[T]]) -> T:
    """Do the work on the log; one that is closed ends the command with the reason."""

    async def working() -> T:
        async with await asked_pool(log.postgres_url, schema=SCHEMA, password=log.password, size=3) as pool:
            return await work(pool)

    try:
        return asyncio.run(working())
    except Stopped as failed:
        raise ended(failed_words(failed), ANSWERED_NO) from None
