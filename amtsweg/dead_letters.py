"""`amtsweg dead-letters`: what could not be read or handled; trying it again, giving it up, going on after a stop.

These are orders on the bus: the service that owns the group carries them out and says what has become of them. What is
shown never holds content: headers of the contract, sizes and hashes, no values.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, Self, get_args

import typer
from rich.table import Column, Table

from amtsweg.bus import everything, operator_address
from amtsweg.language import language, said
from amtsweg.operator_orders import OPERATOR, give
from amtsweg.terminal import JsonOption, echo_json, plain_console
from shared.errors import Unavailable
from shared.events.operation import CloseOrdered, CloseReason, GoOnOrdered, RecordPlace, ReplayOrdered
from shared.events.topics import GROUPS, dead_letter_topic
from shared.kafka.client import KafkaAddress
from shared.kafka.dead_letters import OrderReport, Origin, is_letter, origin, settled
from shared.kafka.records import Record
from shared.local_time import local_time, utc

commands = typer.Typer(no_args_is_help=True, help="Was nicht gelesen oder verarbeitet werden konnte.")

KINDS: Final = {"undecodable": "nicht lesbar", "internal-error": "Fehler im Dienst"}
_SHOWN: Final = re.compile(r"ce_[a-z]{1,20}|traceparent|content-type")
_TOKEN: Final = re.compile(rb"[A-Za-z0-9._:/+-]{1,80}")
_PENDING: Final = "pending"
_DONE: Final = frozenset({"applied", "closed", "going-on"})


@dataclass(frozen=True, slots=True, order=True)
class LetterName:
    """How a dead letter is called: its group and its offset there, written ``router:17``."""

    group: str
    offset: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``group:offset``; ends the command where it is something else."""
        group, _, offset = text.rpartition(":")
        if group not in GROUPS or not offset.isdecimal():
            typer.echo(f"{text}: erwartet wird GRUPPE:NUMMER, zum Beispiel router:17", err=True)
            raise typer.Exit(2)
        return cls(group, int(offset))

    def __str__(self) -> str:
        return f"{self.group}:{self.offset}"


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter and what is known about it."""

    name: LetterName
    record: Record
    origin: Origin

    @property
    def place(self) -> RecordPlace:
        """Where its record lies."""
        return RecordPlace(
            topic=self.origin.topic, partition=self.origin.partition, offset=self.origin.offset
        )


Letters = Annotated[list[str], typer.Argument(help="GRUPPE:NUMMER, wie in der Liste")]


@commands.command("list")
def list_letters(*, as_json: JsonOption = False) -> None:
    """Alle unerledigten, je Gruppe das Älteste zuerst."""
    waiting = asyncio.run(unsettled(operator_address()))
    if as_json:
        echo_json([document(each) for each in waiting.values()])
        return
    console = plain_console()
    if not waiting:
        console.print(
            said(de="Es gibt keine unerledigten Dead Letters.", en="There are no unsettled dead letters.")
        )
        return
    number, origin_place = Column("Nummer", no_wrap=True), Column("Herkunft", overflow="fold")
    table = Table(number, "Seit", "Art", origin_place, "Grund")
    for letter in waiting.values():
        came = letter.origin
        table.add_row(str(letter.name), _when(came), KINDS.get(came.kind, came.kind), came.place, came.reason)
    console.print(table)


@commands.command()
def show(letter: Annotated[str, typer.Argument(help="GRUPPE:NUMMER")]) -> None:
    """Kopfzeilen und Grund; vom Inhalt nur Größe und Prüfsumme."""
    found = _chosen(asyncio.run(unsettled(operator_address())), [letter])[0]
    console = plain_console()
    for name, value in facts(found).items():
        console.print(f"{name + ':':<20}{value}", highlight=False)


@commands.command()
def replay(letters: Letters) -> None:
    """Vom Dienst noch einmal versuchen lassen, in dieser Reihenfolge; was daraus wurde, steht in der Antwort."""
    address = operator_address()
    chosen = _chosen(asyncio.run(unsettled(address)), letters)
    orders = [ReplayOrdered(group=each.name.group, record=each.place, principal=OPERATOR) for each in chosen]
    told = _given(address, orders)
    _say({str(letter.name): report for letter, report in zip(chosen, told, strict=True)})


@commands.command()
def close(
    letters: Letters,
    *,
    reason: Annotated[str, typer.Option(help=f"eines von: {', '.join(get_args(CloseReason))}")],
) -> None:
    """Aufgeben, ohne dass der Datensatz wirkt; wer es war und warum, bleibt im Protokoll."""
    if reason not in get_args(CloseReason):
        typer.echo(f"--reason {reason}: {', '.join(get_args(CloseReason))}", err=True)
        raise typer.Exit(2)
    address = operator_address()
    chosen = _chosen(asyncio.run(unsettled(address)), letters)
    orders = [
        CloseOrdered.model_validate(
            {"group": each.name.group, "record": each.place, "reason": reason, "principal": OPERATOR}
        )
        for each in chosen
    ]
    told = _given(address, orders)
    _say({str(letter.name): report for letter, report in zip(chosen, told, strict=True)})


@commands.command("go-on")
def go_on(group: Annotated[str, typer.Argument(help=f"eine von: {', '.join(GROUPS)}")]) -> None:
    """Eine Gruppe, die wegen vieler Dead Letters angehalten hat, trotzdem weitermachen lassen."""
    if group not in GROUPS:
        typer.echo(f"{group}: {', '.join(GROUPS)}", err=True)
        raise typer.Exit(2)
    (told,) = _given(operator_address(), [GoOnOrdered(group=group, principal=OPERATOR)])
    _say({group: told})


def _given(
    address: KafkaAddress, orders: Sequence[ReplayOrdered | CloseOrdered | GoOnOrdered]
) -> Sequence[OrderReport | None]:
    try:
        return asyncio.run(give(address, orders))
    except Unavailable as away:
        typer.echo(f"amtsweg dead-letters: {away}", err=True)
        raise typer.Exit(3) from None


def _say(told: Mapping[str, OrderReport | None]) -> None:
    for name, report in told.items():
        outcome = _PENDING if report is None else report.outcome
        detail = "" if report is None else report.detail
        typer.echo(f"{name}: {_wording(outcome, detail)}")
    outcomes = {_PENDING if report is None else report.outcome for report in told.values()}
    if outcomes - _DONE:
        raise typer.Exit(3 if _PENDING in outcomes else 1)


def _wording(outcome: str, detail: str) -> str:
    return {
        "applied": said(de="verarbeitet", en="applied"),
        "closed": said(de=f"aufgegeben ({detail})", en=f"closed ({detail})"),
        "going-on": said(de="macht weiter", en="goes on"),
        "failed": said(
            de=f"wieder gescheitert, bleibt in der Liste: {detail}",
            en=f"failed again and stays in the list: {detail}",
        ),
        "expired": said(
            de="der Datensatz liegt nicht mehr auf seinem Topic; mit `close --reason expired` aufgeben",
            en="the record has expired from its topic; give it up with `close --reason expired`",
        ),
        "not-its-turn": said(
            de=f"erst nach {detail}: derselbe Vorgang, früher",
            en=f"only after {detail}: the same case, earlier",
        ),
        "not-open": said(de="war schon erledigt", en="had been settled before"),
        _PENDING: said(
            de="beauftragt, noch nicht ausgeführt. Läuft der Dienst? Der Auftrag geht nicht verloren.",
            en="ordered, not carried out yet. Does the service run? The order is not lost.",
        ),
    }[outcome]


async def unsettled(address: KafkaAddress) -> dict[LetterName, Letter]:
    """The dead letters of all groups that nobody has settled, oldest first per group."""
    groups = {dead_letter_topic(group): group for group in GROUPS}
    waiting: dict[LetterName, Letter] = {}
    for record in await everything(address, *groups):
        group = groups[record.topic]
        if is_letter(record):
            name = LetterName(group, record.offset)
            waiting[name] = Letter(name, record, origin(record.headers))
        elif (done := settled(record)) is not None:
            for name in [n for n, le in waiting.items() if n.group == group and le.origin.place == done]:
                del waiting[name]
    return dict(sorted(waiting.items()))


def document(letter: Letter) -> dict[str, object]:
    """A letter in the list, for programs; nothing that a sender could have written freely."""
    came = letter.origin
    return {
        "number": str(letter.name),
        "group": letter.name.group,
        "since": utc(datetime.fromtimestamp(came.first_failure_ms / 1000, UTC)),
        "kind": came.kind,
        "reason": came.reason,
        "topic": came.topic,
        "partition": came.partition,
        "offset": came.offset,
        "attempts": came.attempts,
        "software": came.software,
    }


def facts(letter: Letter) -> dict[str, str]:
    """What may be shown of a dead letter: nothing that a sender could have written freely."""
    came = letter.origin
    return {
        "Nummer": str(letter.name),
        "Art": KINDS.get(came.kind, came.kind),
        "Grund": came.reason,
        "Herkunft": f"{came.topic}, Partition {came.partition}, Offset {came.offset}",
        "Seit": _when(came),
        "Versuche": str(came.attempts),
        "Programmstand": came.software,
        "Inhalt": "keiner" if came.length < 0 else f"{came.length} Bytes, SHA-256 {came.digest}",
        **{name: _shown(header) for name, header in came.headers if _SHOWN.fullmatch(name)},
        "Weitere": f"{sum(not _SHOWN.fullmatch(name) for name, _ in came.headers)} Kopfzeilen",
    }


def _shown(header: bytes | None) -> str:
    if header is None:
        return "ohne Wert"
    return header.decode() if _TOKEN.fullmatch(header) else f"{len(header)} Bytes"


def _when(came: Origin) -> str:
    return local_time(datetime.fromtimestamp(came.first_failure_ms / 1000, UTC), language(), seconds=True)


def _chosen(waiting: dict[LetterName, Letter], texts: Iterable[str]) -> list[Letter]:
    names = [LetterName.parse(text) for text in texts]
    for name in names:
        if name not in waiting:
            typer.echo(
                f"{name} ist nicht unerledigt; `amtsweg dead-letters list` zeigt, was es ist.", err=True
            )
            raise typer.Exit(1)
    return [waiting[name] for name in names]
