"""The state machine of a case: who may do what in which state. `custody` applies it; docs/custody.md draws it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from shared.events.case import AnswerKind, OrderRefusalReason, RefusalReason
from shared.events.custody import CustodyState

CaseState = Literal["unknown"] | CustodyState
Actor = Literal["platform", "holder", "clearing desk", "operator", "law"]
Act = (
    Literal[
        "received", "fetched", "supplemented", "withdrawn", "retry", "redeliver", "assign", "erase", "silence"
    ]
    | AnswerKind
)

UNANSWERED: Final[tuple[CustodyState, ...]] = ("routed", "fetched")
"""The case is in an authority's inbox or was fetched from it, and the authority has not answered yet."""

OPEN: Final[tuple[CustodyState, ...]] = (*UNANSWERED, "accepted", "information-requested", "supplemented")
"""An authority holds the case and owes an answer."""

_SUPPLEMENTED_UNASKED: Final[tuple[CustodyState, ...]] = (*UNANSWERED, "accepted", "supplemented")

_ASKED: Final[tuple[CustodyState, ...]] = ("information-requested", "supplemented")

CLOSED: Final[tuple[CustodyState, ...]] = ("decided", "deemed-approved", "withdrawn", "erased")
"""Final states: the case can only be erased or forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """``act`` by ``actor`` leads from each of ``sources`` to one of ``targets``."""

    act: Act
    actor: Actor
    sources: tuple[CaseState, ...]
    targets: tuple[CustodyState, ...]


TRANSITIONS: Final[tuple[Transition, ...]] = (
    Transition(act="received", actor="platform", sources=("unknown",), targets=("routed", "parked")),
    Transition(act="retry", actor="clearing desk", sources=("parked",), targets=("routed", "parked")),
    Transition(act="assign", actor="clearing desk", sources=("parked", *UNANSWERED), targets=("routed",)),
    Transition(act="redeliver", actor="clearing desk", sources=UNANSWERED, targets=("routed",)),
    Transition(act="fetched", actor="holder", sources=("routed",), targets=("fetched",)),
    Transition(
        act="supplemented",
        actor="platform",
        sources=("information-requested",),
        targets=("supplemented", "parked"),
    ),
    *(
        Transition(act="supplemented", actor="platform", sources=(each,), targets=(each, "parked"))
        for each in _SUPPLEMENTED_UNASKED
    ),
    Transition(act="supplemented", actor="platform", sources=("parked",), targets=("parked",)),
    Transition(act="withdrawn", actor="platform", sources=("parked", *OPEN), targets=("withdrawn",)),
    Transition(act="accepted", actor="holder", sources=UNANSWERED, targets=("accepted",)),
    Transition(act="information-requested", actor="holder", sources=OPEN, targets=("information-requested",)),
    *(Transition(act="unreadable", actor="holder", sources=(each,), targets=(each,)) for each in OPEN),
    Transition(act="extended", actor="holder", sources=(*UNANSWERED, "accepted"), targets=("accepted",)),
    *(Transition(act="extended", actor="holder", sources=(each,), targets=(each,)) for each in _ASKED),
    Transition(act="returned", actor="holder", sources=OPEN, targets=("routed", "parked")),
    Transition(act="forwarded", actor="holder", sources=OPEN, targets=("routed", "parked")),
    Transition(act="decided", actor="holder", sources=OPEN, targets=("decided",)),
    Transition(act="certified", actor="holder", sources=("deemed-approved",), targets=("deemed-approved",)),
    Transition(act="silence", actor="law", sources=("accepted",), targets=("deemed-approved",)),
    Transition(
        act="erase",
        actor="operator",
        sources=("parked", *OPEN, "decided", "deemed-approved", "withdrawn"),
        targets=("erased",),
    ),
)
_CLOSED: Final[Mapping[CaseState, RefusalReason]] = {
    "decided": "already-decided",
    "deemed-approved": "already-deemed-approved",
    "withdrawn": "withdrawn",
}


def may(act: Act, state: CaseState) -> bool:
    """Return whether the table allows the act in this state."""
    return any(each.act == act and state in each.sources for each in TRANSITIONS)


def answer_refusal_in(state: CaseState, act: AnswerKind) -> RefusalReason | None:
    """Why the holder's answer has no effect in this state; None if it has."""
    if may(act, state):
        return None
    if act == "certified":
        return "not-in-custody" if state in {"unknown", "parked", "erased"} else "not-deemed-approved"
    return _CLOSED.get(state, "already-accepted" if state in OPEN else "not-in-custody")


def order_refusal_in(state: CaseState, act: Act) -> OrderRefusalReason | None:
    """Why the clearing desk's order has no effect in this state; None if it has."""
    if may(act, state):
        return None
    if state == "unknown":
        return "unknown-case"
    return "not-unconfirmed" if act == "redeliver" else "not-parked"


def drawing() -> str:
    """The table as a Mermaid state diagram."""
    return "\n".join(
        (
            "stateDiagram-v2",
            *_edges(TRANSITIONS),
            *(f"    {_node(over)} --> [*]" for over in CLOSED),
            "",
        )
    )


def _edges(transitions: Iterable[Transition]) -> Iterable[str]:
    for transition in transitions:
        for source in transition.sources:
            start = "[*]" if source == "unknown" else _node(source)
            for target in transition.targets:
                yield f"    {start} --> {_node(target)}: {transition.act} ({transition.actor})"


def _node(state: str) -> str:
    return state.replace("-", "_")
