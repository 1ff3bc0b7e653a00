"""`amtsweg parked`: the clearing desk on the command line, the same one as over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, TypeVar
from uuid import uuid4

import typer
from rich.table import Column, Table

from amtsweg.bus import operator_address
from amtsweg.directory.in_force import in_force
from amtsweg.directory.names import DirectoryNames
from amtsweg.exit_status import ANSWERED_NO, MISTAKE
from amtsweg.input_words import assignment_words
from amtsweg.interruption import ordering
from amtsweg.language import language, said
from amtsweg.parked_words import in_words, obstacle_in_words, pending_in_words
from amtsweg.terminal import JsonOption, echo, echo_json, ended, plain_console, printable
from services.router.adapters.desk_cases import FollowedCases
from services.router.domain.cases.assignment_reason import BadAssignmentReason, read_assignment_reason
from services.router.domain.cases.desk import (
    Ineffective,
    OrderOutcome,
    OrderRequest,
    Pending,
    Person,
    Placed,
    StillParked,
    Waiting,
    oldest_first,
)
from services.router.domain.decision.explain import explain
from services.router.domain.directory.model import Directory
from services.router.handler.clearing_desk import ClearingDesk
from shared.events.envelope import Message
from shared.kafka.client import KafkaAddress
from shared.kafka.publish_once import publish_once
from shared.local_time import local_time, utc
from shared.telemetry.health import Health

commands = typer.Typer(no_args_is_help=True, help="Geparkte Vorgänge ansehen, neu entscheiden, zuweisen.")

T = TypeVar("T")

PRINCIPAL: Final = "operator"
SOURCE: Final = "urn:amtsweg:operator"
WAIT: Final = timedelta(seconds=30)

CaseArgument = Annotated[str, typer.Argument(help="Eingangsnummer, Antrag oder Vorgang, wie in der Liste")]
ReasonOption = Annotated[
    str, typer.Option(help="warum diese Stelle; bleibt jahrelang stehen, daher ohne Angaben zu Personen")
]
Role = Annotated[str, typer.Option(help="in welcher Rolle, ohne Namen")]


@commands.command("list")
def list_parked(*, as_json: JsonOption = False) -> None:
    """Was geparkt oder seit 20 Tagen unbestätigt ist, das Älteste zuerst."""
    parked, directory = _run(_everything)
    if as_json:
        echo_json([_document(each, directory) for each in parked])
        return
    console = plain_console()
    if not parked:
        console.print(said(de="Nichts ist geparkt.", en="Nothing is parked."))
        return
    table = Table(
        said(de="Eingang", en="Received"),
        Column(said(de="Eingangsnummer", en="Receipt number"), no_wrap=True),
        said(de="Leistung", en="Service"),
        said(de="Grund", en="Reason"),
        said(de="In Betracht kommen", en="Candidates"),
    )
    for waiting in parked:
        receipt = waiting.held.receipt
        table.add_row(
            local_time(receipt.received_at, language()),
            receipt.receipt_number,
            directory.services.get(receipt.service, receipt.service),
            _reason(waiting),
            printable("\n".join(_named(each, directory) for each in waiting.candidates)),
        )
    console.print(table)


@commands.command()
def show(case: CaseArgument) -> None:
    """Ein geparkter Vorgang: was der Router weiß und warum er nicht entscheidet."""
    waiting, directory = _run(lambda desk: desk.show(case))
    if waiting is None:
        raise ended(f"{case} {obstacle_in_words('not-at-the-desk')}", ANSWERED_NO)
    console = plain_console()
    for name, value in _facts(waiting, directory).items():
        console.print(printable(f"{name + ':':<16}{value}"))
    if waiting.held.decision:
        console.print(printable(explain(waiting.held.decision, directory=directory, language=language())))


@commands.command()
def retry(
    case: CaseArgument, *, reason: ReasonOption = "neuer Versuch", role: Role = "Klärungsstelle"
) -> None:
    """Nach dem heutigen Verzeichnis neu entscheiden."""
    _order(case, _wish(reason=reason, role=role))


@commands.command()
def redeliver(
    case: CaseArgument, *, reason: ReasonOption = "erneute Zustellung", role: Role = "Klärungsstelle"
) -> None:
    """Was seine Stelle seit 20 Tagen nicht bestätigt hat, erneut in ihren Eingang legen, für ihre heutigen Schlüssel."""
    _order(case, replace(_wish(reason=reason, role=role), redeliver=True))


@commands.command()
def assign(
    case: CaseArgument,
    *,
    to: Annotated[str, typer.Option(help="Kennung der Stelle, zum Beispiel g-06531005")],
    reason: ReasonOption,
    role: Role = "Klärungsstelle",
    outside_candidates: Annotated[
        bool, typer.Option("--outside-candidates", help="auch wenn die Stelle nicht in Betracht kam")
    ] = False,
) -> None:
    """Einer Stelle zuweisen; der Tag des Eingangs bleibt."""
    _order(case, _wish(reason=reason, role=role, authority=to, outside_candidates=outside_candidates))


def _wish(
    *, reason: str, role: str, authority: str | None = None, outside_candidates: bool = False
) -> OrderRequest:
    try:
        person = Person(role=read_assignment_reason(role), principal=PRINCIPAL, source=SOURCE)
        words = read_assignment_reason(reason)
    except BadAssignmentReason as bad:
        raise ended(f"--reason, --role: {assignment_words(bad)}", MISTAKE) from None
    return OrderRequest(
        person=person,
        reason=words,
        key=str(uuid4()),
        authority=authority,
        outside_candidates=outside_candidates,
    )


def _order(case: str, wish: OrderRequest) -> None:
    with ordering(f"amtsweg case {case}"):
        told, directory = _run(lambda desk: desk.order(case, wish))
    text, code = _said(told, case=case, directory=directory)
    echo(text, err=isinstance(told, Ineffective | Pending))
    raise typer.Exit(code)


def _said(told: OrderOutcome, *, case: str, directory: Directory) -> tuple[str, int]:
    """What became of the order, and the exit code."""
    number = case if told.waiting is None else told.waiting.held.receipt.receipt_number
    names = DirectoryNames(directory)
    match told:
        case Placed(authority=authority):
            return (
                f"{number} {said(de='liegt jetzt bei', en='now lies with')} {names.authority(authority)}.",
                0,
            )
        case StillParked(waiting=waiting):
            return f"{number} {said(de='bleibt geparkt', en='stays parked')}: {_reason(waiting)}.", 1
        case Ineffective(obstacle=obstacle, waiting=found):
            holder = None if found is None else found.held.authority
            words = obstacle_in_words(obstacle).format(authority=holder and names.authority(holder))
            return f"{number} {words}", 1
        case Pending():
            return f"{number}: {pending_in_words(WAIT)}", 3


def _run(work: Callable[[ClearingDesk], Awaitable[T]]) -> tuple[T, Directory]:
    """What the work at the desk leads to, and the directory that lends the names."""

    async def at_the_desk() -> tuple[T, Directory]:
        async with open_desk(operator_address("desk")) as desk:
            return await work(desk), desk.directory()

    return asyncio.run(at_the_desk())


@asynccontextmanager
async def open_desk(address: KafkaAddress) -> AsyncIterator[ClearingDesk]:
    """The desk over a view of custody that is read now and followed until the block ends."""
    directory = await in_force(address)
    cases = FollowedCases(address, condition=Health().part("desk"), patience=WAIT.total_seconds())
    following = asyncio.ensure_future(cases.run())
    try:
        yield ClearingDesk(
            cases=cases,
            orders=OrderSender(address),
            directory=lambda: directory,
            clock=lambda: datetime.now(UTC),
            patience=WAIT,
        )
    finally:
        following.cancel()
        await asyncio.wait({following})


class OrderSender:
    """`services.router.ports.Orders` for one order: a producer is opened for it."""

    def __init__(self, address: KafkaAddress) -> None:
        self._address = address

    async def publish(self, message: Message) -> None:
        await publish_once(self._address, [message])


async def _everything(desk: ClearingDesk) -> list[Waiting]:
    return list(oldest_first(await desk.cases.now(), now=datetime.now(UTC)))


def _reason(waiting: Waiting) -> str:
    return in_words(waiting.reason)


def _named(authority: str, directory: Directory) -> str:
    known = directory.authorities.get(authority)
    return authority if known is None else f"{authority} {known.name}"


def _document(waiting: Waiting, directory: Directory) -> dict[str, object]:
    """A parked case in the list, for programs."""
    held, receipt = waiting.held, waiting.held.receipt
    return {
        "receiptNumber": receipt.receipt_number,
        "caseId": str(waiting.case),
        "submissionId": str(held.submission_id),
        "receivedAt": utc(receipt.received_at),
        "parkedSince": utc(held.since),
        "service": {"key": receipt.service, "name": directory.services.get(receipt.service)},
        "reason": waiting.reason,
        "reasonText": _reason(waiting),
        "candidates": [
            {"id": each, "name": known.name if (known := directory.authorities.get(each)) else None}
            for each in waiting.candidates
        ],
    }


def _facts(waiting: Waiting, directory: Directory) -> dict[str, str]:
    held, receipt = waiting.held, waiting.held.receipt
    return {
        said(de="Eingangsnummer", en="Receipt number"): receipt.receipt_number,
        said(de="Eingang", en="Received"): local_time(receipt.received_at, language(), seconds=True),
        said(de="Vorgang", en="Case"): str(waiting.case),
        said(de="Antrag", en="Submission"): str(held.submission_id),
        said(
            de="Leistung", en="Service"
        ): f"{directory.services.get(receipt.service, '')} ({receipt.service})",
        said(de="Grund", en="Reason"): _reason(waiting),
        **(
            {}
            if held.authority is None
            else {said(de="Liegt bei", en="Held by"): DirectoryNames(directory).authority(held.authority)}
        ),
        said(de="Wartet seit", en="Waits since"): local_time(held.since, language(), seconds=True),
    }
