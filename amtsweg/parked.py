"""`amtsweg parked`: the clearing desk on the command line. It reads custody and gives orders; the router acts."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID, uuid4

import typer
from aiokafka import AIOKafkaConsumer
from rich.console import Console
from rich.table import Table

from amtsweg.bus import everything, operator_address, partitions_of
from amtsweg.directory.folder import open_directory
from services.router.domain.directory import Directory
from services.router.domain.explain import explain_de
from shared.events.case import AssignOrdered, OrderRefused, RetryOrdered
from shared.events.custody import CaseHeld
from shared.events.envelope import Event, Message, decode, encode
from shared.events.ids import case_id, child_id
from shared.events.payload import Payload
from shared.events.submission import Assignment, SubmissionParked, SubmissionRouted
from shared.events.topics import CASE_CUSTODY, CASE_ORDERED, CASE_UPDATED, SUBMISSION_ROUTED
from shared.runtime.kafka import KafkaAddress, idempotent_producer, reader
from shared.runtime.records import partition_of

commands = typer.Typer(no_args_is_help=True, help="Geparkte Vorgänge ansehen, neu entscheiden, zuweisen.")

WAIT_SECONDS: Final = 30.0
REASONS: Final = {
    "unknown-service": "Leistung unbekannt",
    "unknown-place": "Ort unbekannt",
    "ambiguous-place": "Ort nicht eindeutig",
    "outside-territory": "Ort außerhalb des Landes",
    "not-offered": "Leistung nicht mehr angeboten",
    "choice-required": "Wahl der Stelle fehlt",
    "ambiguous-competence": "Zuständigkeit nicht eindeutig",
    "no-inbox": "Stelle hat noch keinen Eingang",
    "no-key": "Stelle hat noch keinen Schlüssel",
    "not-opened": "Inhalt nicht für die Plattform verschlüsselt",
    "internal-error": "Fehler im Router",
}
REFUSALS: Final = {
    "unknown-case": "Diesen Vorgang kennt der Router nicht.",
    "not-parked": "Der Vorgang ist nicht geparkt.",
    "unknown-authority": "Diese Stelle gibt es nicht, oder sie ist noch nicht angeschlossen.",
}
EVENTS: Final = (*SUBMISSION_ROUTED.payloads, *CASE_UPDATED.payloads)

Case = Annotated[str, typer.Argument(help="Eingangsnummer, Antrag oder Vorgang, wie in der Liste")]
Reason = Annotated[str, typer.Option(help="warum, ohne Angaben zu Personen")]
Role = Annotated[str, typer.Option(help="in welcher Rolle, ohne Namen")]


@commands.command("list")
def list_parked() -> None:
    """Was geparkt ist, das Älteste zuerst."""
    parked = asyncio.run(_parked(operator_address()))
    console = Console()
    if not parked:
        console.print("Nichts ist geparkt.")
        return
    directory = open_directory(None)
    table = Table("Eingang", "Eingangsnummer", "Leistung", "Grund", "In Betracht kommen")
    for held in parked:
        table.add_row(
            f"{held.receipt.received_at.astimezone():%d.%m.%Y %H:%M}",
            held.receipt.receipt_number,
            directory.services.get(held.receipt.service, held.receipt.service),
            REASONS.get(held.reason or "", held.reason),
            ", ".join(c.authority for c in held.decision.candidates) if held.decision else "",
        )
    console.print(table)


@commands.command()
def show(case: Case) -> None:
    """Ein geparkter Vorgang: was der Router weiß und warum er nicht entscheidet."""
    held = _find(asyncio.run(_parked(operator_address())), case)
    directory = open_directory(None)
    console = Console()
    for name, value in _facts(held, directory).items():
        console.print(f"{name + ':':<16}{value}", highlight=False)
    if held.decision:
        console.print(explain_de(held.decision, directory=directory), highlight=False)


@commands.command()
def retry(case: Case, *, reason: Reason = "neuer Versuch", role: Role = "Klärungsstelle") -> None:
    """Nach dem heutigen Verzeichnis neu entscheiden."""
    _order(case, RetryOrdered(assignment=Assignment(role=role, reason=reason)))


@commands.command()
def assign(
    case: Case,
    *,
    to: Annotated[str, typer.Option(help="Kennung der Stelle, zum Beispiel g-06531005")],
    reason: Reason,
    role: Role = "Klärungsstelle",
) -> None:
    """Einer Stelle zuweisen; der Tag des Eingangs bleibt."""
    _order(case, AssignOrdered(authority=to, assignment=Assignment(role=role, reason=reason)))


def _order(case: str, data: RetryOrdered | AssignOrdered) -> None:
    address = operator_address()
    held = _find(asyncio.run(_parked(address)), case)
    try:
        effect = asyncio.run(order(address, held.submission_id, data))
    except TimeoutError:
        typer.echo(
            f"Der Auftrag ist erteilt, aber nach {WAIT_SECONDS:g} s noch nicht ausgeführt. Läuft der Router? "
            "Der Auftrag geht nicht verloren; `amtsweg parked list` zeigt, ob der Vorgang noch wartet.",
            err=True,
        )
        raise typer.Exit(3) from None
    match effect:
        case SubmissionRouted(authority=authority):
            typer.echo(f"{held.receipt.receipt_number} liegt jetzt bei {authority}.")
        case SubmissionParked(reason=why):
            typer.echo(f"{held.receipt.receipt_number} bleibt geparkt: {REASONS.get(why, why)}.")
            raise typer.Exit(1)
        case OrderRefused(reason=why):
            typer.echo(f"{held.receipt.receipt_number}: abgelehnt. {REFUSALS[why]}", err=True)
            raise typer.Exit(1)


async def order(address: KafkaAddress, submission: UUID, data: RetryOrdered | AssignOrdered) -> Payload:
    """Give the order and return its effect.

    Raises:
        TimeoutError: the router has not acted on it in time; it still will.
    """
    given = Event(
        id=uuid4(),
        source="urn:amtsweg:operator",
        time=datetime.now(UTC),
        case_id=case_id(submission),
        submission_id=submission,
        data=data,
    )
    effects = {child_id(given.id, kind) for kind in ("routed", "parked", "order-refused")}
    async with reader(address) as consumer, asyncio.timeout(WAIT_SECONDS):
        consumer.assign(partitions_of(SUBMISSION_ROUTED.name, CASE_UPDATED.name))
        await consumer.seek_to_end()
        await _publish(address, encode(given, CASE_ORDERED.name))
        return await _effect(consumer, effects)


async def _publish(address: KafkaAddress, message: Message) -> None:
    async with idempotent_producer(address) as producer:
        count = len(await producer.partitions_for(message.topic))
        await producer.send_and_wait(
            message.topic,
            message.value,
            key=message.key,
            partition=partition_of(message.key, count),
            headers=[*message.headers],
        )


async def _effect(consumer: AIOKafkaConsumer, effects: set[UUID]) -> Payload:
    wanted = {str(effect).encode() for effect in effects}
    while True:
        record = await consumer.getone()
        if dict(record.headers).get("ce_id") in wanted:
            return decode(record.value, record.headers, EVENTS).data


async def _parked(address: KafkaAddress) -> list[CaseHeld]:
    newest = {record.key: record.value for record in await everything(address, CASE_CUSTODY.name)}
    held = [CaseHeld.from_json(value) for value in newest.values() if value is not None]
    return sorted((h for h in held if h.standing == "parked"), key=lambda h: h.receipt.received_at)


def _find(parked: Sequence[CaseHeld], given: str) -> CaseHeld:
    for held in parked:
        if given in {held.receipt.receipt_number, str(held.submission_id), str(case_id(held.submission_id))}:
            return held
    typer.echo(f"{given} ist nicht geparkt. `amtsweg parked list` zeigt, was wartet.", err=True)
    raise typer.Exit(1)


def _facts(held: CaseHeld, directory: Directory) -> dict[str, str]:
    receipt = held.receipt
    return {
        "Eingangsnummer": receipt.receipt_number,
        "Eingang": f"{receipt.received_at.astimezone():%d.%m.%Y %H:%M:%S}",
        "Vorgang": str(case_id(held.submission_id)),
        "Antrag": str(held.submission_id),
        "Zeichen": receipt.client_reference or "",
        "Leistung": f"{directory.services.get(receipt.service, '')} ({receipt.service})",
        "Grund": REASONS.get(held.reason or "", held.reason or ""),
        "Geparkt seit": f"{held.since.astimezone():%d.%m.%Y %H:%M:%S}",
    }
