"""`amtsweg dead-letters`: what could not be read or handled; trying it again, giving it up, going on after a stop.

These are orders on the bus: the service that owns the group carries them out and says what has become of them. What is
shown never holds content: headers of the contract, sizes and hashes, no values.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final, get_args
from uuid import UUID

import typer

from amtsweg.bus import operator_address
from amtsweg.code_words import CLOSE_REASONS, with_words
from amtsweg.dead_letter_list import (
    chosen,
    document,
    facts,
    letter_table,
    unsettled,
)
from amtsweg.exit_status import ANSWERED_NO, MISTAKE
from amtsweg.interruption import ordering
from amtsweg.language import said
from amtsweg.operator_orders import OPERATOR, give
from amtsweg.terminal import JsonOption, echo, echo_json, ended, plain_console
from shared.events.operation import CloseCaseOrdered, CloseOrdered, CloseReason, GoOnOrdered, ReplayOrdered
from shared.events.topics import GROUPS
from shared.kafka.client import KafkaAddress
from shared.kafka.dead_letters import OrderReport
from shared.kafka.operator_orders import GroupOrder
from shared.telemetry.reason_words import reason_words

commands = typer.Typer(no_args_is_help=True, help="Was nicht gelesen oder verarbeitet werden konnte.")

_PENDING: Final = "pending"
_DONE: Final = frozenset({"applied", "closed", "going-on"})


_NAMES: Final = "GRUPPE:NUMMER, wie in der Liste, oder GRUPPE:TOPIC/PARTITION/OFFSET"
Letters = Annotated[list[str], typer.Argument(help=_NAMES)]


@commands.command("list")
def list_letters(*, as_json: JsonOption = False) -> None:
    """Alle unerledigten, je Gruppe das Älteste zuerst."""
    waiting = asyncio.run(unsettled(operator_address()))
    if as_json:
        echo_json([document(each, waiting) for each in waiting.values()])
        return
    console = plain_console()
    if not waiting:
        console.print(
            said(de="Es gibt keine unerledigten Dead Letters.", en="There are no unsettled dead letters.")
        )
        return
    console.print(letter_table(waiting))


@commands.command()
def show(letter: Annotated[str, typer.Argument(help="GRUPPE:NUMMER")]) -> None:
    """Kopfzeilen und Grund; vom Inhalt nur Größe und Prüfsumme."""
    waiting = asyncio.run(unsettled(operator_address()))
    named = chosen(waiting, [letter])[0]
    found = next((e for e in waiting.values() if (e.group, e.place) == (named.group, named.place)), None)
    if found is None:
        raise ended(
            said(
                de=f"{letter} steht nicht in der Liste: erledigt oder abgelaufen.",
                en=f"{letter} is not in the list: settled or expired.",
            ),
            ANSWERED_NO,
        )
    console = plain_console()
    for name, value in facts(found, waiting).items():
        console.print(f"{name + ':':<20}{value}", highlight=False)


@commands.command()
def replay(letters: Letters) -> None:
    """Vom Dienst noch einmal versuchen lassen, in dieser Reihenfolge; was daraus wurde, steht in der Antwort."""
    address = operator_address("operations")
    named = chosen(asyncio.run(unsettled(address)), letters)
    orders = [ReplayOrdered(group=each.group, record=each.place, principal=OPERATOR) for each in named]
    _say([each.name for each in named], _given(address, orders))


@commands.command()
def close(
    letters: Annotated[list[str] | None, typer.Argument(help=_NAMES)] = None,
    *,
    reason: Annotated[str, typer.Option(help=f"eines von: {', '.join(get_args(CloseReason))}")],
    case: Annotated[
        UUID | None, typer.Option(help="alles, was diesen Vorgang aufhält, auch Abgelaufenes")
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option(help=f"mit --case: nur diese Gruppe; {', '.join(GROUPS)}")
    ] = None,
) -> None:
    """Aufgeben, ohne dass der Datensatz wirkt; wer es war und warum, bleibt im Protokoll."""
    if reason not in get_args(CloseReason):
        one_of = said(de="erwartet wird eines von", en="expected one of")
        raise ended(f"--reason: {one_of} {with_words(', '.join(get_args(CloseReason)))}", MISTAKE)
    if bool(letters) == (case is not None):
        raise ended(
            said(
                de="Entweder Dead Letters nennen oder einen Vorgang mit --case.",
                en="Name dead letters, or a case with --case.",
            ),
            MISTAKE,
        )
    address = operator_address("operations")
    if case is not None:
        _close_case(address, case, groups=[_group(each) for each in group or GROUPS], reason=reason)
        return
    named = chosen(asyncio.run(unsettled(address)), letters or ())
    orders = [
        CloseOrdered.model_validate(
            {"group": each.group, "record": each.place, "reason": reason, "principal": OPERATOR}
        )
        for each in named
    ]
    _say([each.name for each in named], _given(address, orders))


def _close_case(address: KafkaAddress, case: UUID, *, groups: Sequence[str], reason: str) -> None:
    orders = [
        CloseCaseOrdered.model_validate(
            {"group": each, "case": case, "reason": reason, "principal": OPERATOR}
        )
        for each in groups
    ]
    _say([f"{each}:{case}" for each in groups], _given(address, orders))


@commands.command("go-on")
def go_on(group: Annotated[str, typer.Argument(help=f"eine von: {', '.join(GROUPS)}")]) -> None:
    """Eine Gruppe, die wegen vieler Dead Letters angehalten hat, trotzdem weitermachen lassen."""
    _say(
        [group],
        _given(operator_address("operations"), [GoOnOrdered(group=_group(group), principal=OPERATOR)]),
    )


def _group(name: str) -> str:
    if name not in GROUPS:
        one_of = said(de="erwartet wird eines von", en="expected one of")
        raise ended(f"{name}: {one_of} {with_words(', '.join(GROUPS))}", MISTAKE)
    return name


def _given(address: KafkaAddress, orders: Sequence[GroupOrder]) -> Sequence[OrderReport | None]:
    with ordering("amtsweg dead-letters list"):
        return asyncio.run(give(address, orders))


def _say(names: Sequence[str], told: Sequence[OrderReport | None]) -> None:
    for name, report in zip(names, told, strict=True):
        outcome = _PENDING if report is None else report.outcome
        detail = "" if report is None else report.detail
        echo(f"{name}: {_wording(outcome, detail)}")
    outcomes = {_PENDING if report is None else report.outcome for report in told}
    if outcomes - _DONE:
        raise typer.Exit(3 if _PENDING in outcomes else 1)


def _why_closed(detail: str) -> str:
    """The reason in words; behind it, of a case, how many letters were closed."""
    reason, _, count = detail.partition(", ")
    known = CLOSE_REASONS.get(reason)
    told = reason if known is None else f"{said(de=known[0], en=known[1])} ({reason})"
    return f"{told}, {count} Dead Letters" if count else told


def _wording(outcome: str, detail: str) -> str:
    return {
        "applied": said(de="verarbeitet", en="applied"),
        "closed": f"{said(de='aufgegeben', en='closed')}: {_why_closed(detail)}",
        "going-on": said(de="macht weiter", en="goes on"),
        "failed": said(
            de=f"wieder gescheitert, bleibt in der Liste: {reason_words(detail, 'de')}",
            en=f"failed again and stays in the list: {reason_words(detail, 'en')}",
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
