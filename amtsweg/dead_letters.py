"""`amtsweg dead-letters`: what could not be read or handled, and sending it again once the cause is mended.

What is shown never holds content: headers of the contract, sizes and hashes, no values.
"""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, Self

import typer
from rich.console import Console
from rich.table import Table

from amtsweg.bus import everything, operator_address, partitions_of
from shared.events.topics import GROUPS, dead_letter_topic
from shared.kafka.client import KafkaAddress, idempotent_producer, reader
from shared.kafka.dead_letters import Origin, origin, replayed, settled
from shared.kafka.records import Record, consumed

commands = typer.Typer(no_args_is_help=True, help="Was nicht gelesen oder verarbeitet werden konnte.")

WAIT_SECONDS: Final = 20.0
KINDS: Final = {"undecodable": "nicht lesbar", "internal-error": "Fehler im Dienst"}
_SHOWN: Final = re.compile(r"ce_[a-z]{1,20}|traceparent|content-type")
_TOKEN: Final = re.compile(rb"[A-Za-z0-9._:/+-]{1,80}")


@dataclass(frozen=True, slots=True, order=True)
class Name:
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

    name: Name
    record: Record
    origin: Origin


Letters = Annotated[list[str], typer.Argument(help="GRUPPE:NUMMER, wie in der Liste")]


@commands.command("list")
def list_letters() -> None:
    """Alle unerledigten, je Gruppe das Älteste zuerst."""
    waiting = asyncio.run(unsettled(operator_address()))
    console = Console()
    if not waiting:
        console.print("Es gibt keine unerledigten Dead Letters.")
        return
    table = Table("Nummer", "Seit", "Art", "Herkunft", "Grund")
    for letter in waiting.values():
        came = letter.origin
        table.add_row(
            str(letter.name),
            _when(came),
            KINDS.get(came.kind, came.kind),
            f"{came.topic}/{came.partition}@{came.offset}",
            came.reason,
        )
    console.print(table)


@commands.command()
def show(letter: Annotated[str, typer.Argument(help="GRUPPE:NUMMER")]) -> None:
    """Kopfzeilen und Grund; vom Inhalt nur Größe und Prüfsumme."""
    found = _chosen(asyncio.run(unsettled(operator_address())), [letter])[0]
    console = Console()
    for name, value in facts(found).items():
        console.print(f"{name + ':':<20}{value}", highlight=False)


@commands.command()
def replay(letters: Letters) -> None:
    """Unverändert an den Ursprung zurückstellen; wer die Kennung schon kennt, tut nichts zweimal."""
    address = operator_address()
    chosen = _chosen(asyncio.run(unsettled(address)), letters)
    if pointers := [str(letter.name) for letter in chosen if not letter.origin.complete]:
        typer.echo(f"{', '.join(pointers)}: zu groß zum Zurückstellen, nur am Ursprung vorhanden", err=True)
        raise typer.Exit(1)
    open_still = asyncio.run(send_again(address, chosen))
    for letter in chosen:
        done = letter.name not in open_still
        typer.echo(f"{letter.name}: {'verarbeitet' if done else 'noch nicht verarbeitet'}")
    if open_still:
        typer.echo(
            "Läuft der Dienst? Scheitert der Datensatz erneut, steht er mit neuer Nummer in der Liste."
        )
        raise typer.Exit(1)


async def unsettled(address: KafkaAddress) -> dict[Name, Letter]:
    """The dead letters of all groups that nobody has settled, oldest first per group."""
    groups = {dead_letter_topic(group): group for group in GROUPS}
    waiting: dict[Name, Letter] = {}
    for record in await everything(address, *groups):
        group = groups[record.topic]
        if (done := settled(record)) is not None:
            for name in [n for n, le in waiting.items() if n.group == group and le.origin.place == done]:
                del waiting[name]
        else:
            name = Name(group, record.offset)
            waiting[name] = Letter(name, record, origin(record.headers))
    return dict(sorted(waiting.items()))


async def send_again(address: KafkaAddress, letters: Iterable[Letter]) -> set[Name]:
    """Put the records back on their topics; return those that were not settled in time."""
    letters = list(letters)
    topics = {dead_letter_topic(letter.name.group) for letter in letters}
    async with reader(address) as settling, idempotent_producer(address) as producer:
        settling.assign(partitions_of(*topics))
        await settling.seek_to_end()
        for letter in letters:
            message = replayed(letter.record, group=letter.name.group)
            await producer.send_and_wait(
                message.topic,
                message.value,
                key=message.key,
                partition=letter.origin.partition,
                headers=[*message.headers],
            )
        waiting = {(dead_letter_topic(le.name.group), le.origin.place): le.name for le in letters}
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while waiting:
                    record = await settling.getone()
                    waiting.pop((record.topic, settled(consumed(record)) or ""), None)
        except TimeoutError:
            pass
        return set(waiting.values())


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
    return f"{datetime.fromtimestamp(came.first_failure_ms / 1000, UTC).astimezone():%d.%m.%Y %H:%M:%S}"


def _chosen(waiting: dict[Name, Letter], texts: Iterable[str]) -> list[Letter]:
    names = [Name.parse(text) for text in texts]
    for name in names:
        if name not in waiting:
            typer.echo(
                f"{name} ist nicht unerledigt; `amtsweg dead-letters list` zeigt, was es ist.", err=True
            )
            raise typer.Exit(1)
    return [waiting[name] for name in names]
