"""`amtsweg case`: one number opens it. Where it is, who holds it, what happened, what is due next."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final, NoReturn, TypeVar

import asyncpg
import typer

from amtsweg.addresses import given_address
from amtsweg.case_file import CaseFile, document, text
from amtsweg.directory.names import DirectoryNames
from amtsweg.exit_status import ANSWERED_NO, MISTAKE
from amtsweg.language import language, said
from amtsweg.named_file import secret_in
from amtsweg.servers_asked import asked_pool
from amtsweg.stack.description import StackDescription
from amtsweg.terminal import echo, echo_json, ended
from services.intake.adapters.postgres.operate import MOST, found
from services.intake.ports import Known
from services.notifier.adapters.postgres.operate import ahead, listed
from services.notifier.domain.states import TRANSITIONS
from shared.local_time import local_time
from shared.postgres.pool import Pool

_URL: Final = "AMTSWEG_POSTGRES__URL"
_PASSWORD_FILE: Final = "AMTSWEG_POSTGRES__PASSWORD_FILE"  # noqa: S105 - the name of a setting

T = TypeVar("T")


def case(
    number: Annotated[
        str,
        typer.Argument(help="receipt number AW-…, id of the case or submission, or the client's reference"),
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON, times in UTC")] = False,
) -> None:
    """Show a case by its number: where it is, who holds it, what happened, what is due next."""
    files = asyncio.run(_files(number))
    if not files:
        raise ended(
            said(
                de=f"{number}: nichts gefunden. Gesucht wurde nach Eingangsnummer, Vorgang, Antrag und nach dem Zeichen der "
                "Plattform; ein Eingang ist wenige Sekunden nach seiner Annahme zu finden.",
                en=f"{number}: nothing found. Searched: receipt number, case, submission and the platform's reference; "
                "a submission can be found a few seconds after it was taken.",
            ),
            ANSWERED_NO,
        )
    if len({file.known.case_id for file in files}) > 1:
        _several(number, [file.known for file in files])
    names = DirectoryNames.current()
    if as_json:
        echo_json(document(files[0], names, language()))
    else:
        echo(text(files[0], names, language()))


async def _files(number: str) -> Sequence[CaseFile]:
    cases = await _asked("intake", lambda pool: found(pool, number)) or ()
    if len({known.case_id for known in cases}) != 1:
        return [CaseFile(known=known) for known in cases]
    [known, *_] = cases
    timers = await _asked("notifier", lambda pool: ahead(pool, known.case_id))
    messages = await _asked(
        "notifier", lambda pool: listed(pool, states=[*TRANSITIONS], case=known.case_id, most=100)
    )
    return [CaseFile(known=known, timers=timers or (), messages=messages or ())]


async def _asked(schema: str, work: Callable[[Pool], Awaitable[T]]) -> T | None:
    """What a service's tables say; None where it has none yet."""
    url, password = _postgres()
    async with await asked_pool(url, schema=schema, password=password, size=1) as pool:
        with suppress(asyncpg.UndefinedTableError):
            return await work(pool)
    return None


def _postgres() -> tuple[str, str | None]:
    """A role that may read the schemas of intake and notifier: the installation's own, else the stack's."""
    if url := os.environ.get(_URL):
        file = os.environ.get(_PASSWORD_FILE)
        return given_address(url) or "", None if file is None else secret_in(Path(file))
    try:
        return StackDescription.read().postgres.url, None
    except FileNotFoundError:
        raise ended(
            said(
                de=f"Kein laufender Stapel: `amtsweg up`, oder {_URL} und {_PASSWORD_FILE} setzen.",
                en=f"no running stack: `amtsweg up`, or set {_URL} and {_PASSWORD_FILE}.",
            ),
            MISTAKE,
        ) from None


def _several(number: str, cases: Sequence[Known]) -> NoReturn:
    echo(
        said(
            de=f"{number}: mehrere Vorgänge tragen dieses Zeichen (höchstens {MOST} werden gezeigt). Nennen Sie die Nummer:",
            en=f"{number}: several cases go by this reference (at most {MOST} are shown). Name the number:",
        ),
        err=True,
    )
    for known in cases:
        receipt = known.receipt
        at = local_time(receipt.received_at, language())
        echo(f"  {receipt.receipt_number}  {at}  {receipt.client_id}", err=True)
    raise typer.Exit(1)
