"""The clearing desk: what waits for a person, what a person may order, and what became of an order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from services.router.domain.cases.orders import Order, is_unconfirmed
from services.router.domain.cases.transitions import OPEN, UNANSWERED
from services.router.domain.directory.model import Directory
from shared.events.case import AssignOrdered, RedeliverOrdered, RetryOrdered, SilenceDoubt
from shared.events.custody import CaseHeld
from shared.events.envelope import Event
from shared.events.ids import order_id
from shared.events.receipt_number import as_written
from shared.events.submission import Assignment
from shared.local_time import ReadIn

REASONS_DE: Final[Mapping[str, str]] = {
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
    "sealed-for-another-use": "Inhalt gehört zu einem anderen Antrag",
    "internal-error": "Fehler im Router",
    "order-failed": "Router am letzten Auftrag gescheitert",
    "returned": "von der Stelle zurückgegeben",
    "unconfirmed": "von der Stelle seit mindestens 20 Tagen nicht bestätigt",
    "silence-unconfirmed": "Frist vorbei; von der Stelle nie bestätigt",
    "silence-incomplete": "Frist vorbei; es fehlen Unterlagen",
    "silence-parked": "Frist vorbei; der Vorgang lag bei keiner Stelle",
    "silence-forwarded": "Frist vorbei; der Vorgang wurde weitergegeben",
    "silence-unread-answer": "Frist vorbei; eine Antwort der Stelle liegt ungelesen im Dead Letter",
    "silence-suspended": "Frist vorbei; die Stelle war in den letzten Tagen gesperrt",
    "silence-not-every-case-covered": "Frist vorbei; das Gesetz gilt nur für einen Teil der Fälle",
    "handed-on-in-a-circle": "von einer Stelle an eine zurückgereicht, die ihn schon hatte",
}
"""Why a case is parked: the decision's reasons, then the router's own."""

REASONS_EN: Final[Mapping[str, str]] = {
    "unknown-service": "service unknown",
    "unknown-place": "place unknown",
    "ambiguous-place": "place not unique",
    "outside-territory": "place outside the Land",
    "not-offered": "service no longer offered",
    "choice-required": "choice of the authority missing",
    "ambiguous-competence": "competence not unique",
    "no-inbox": "authority has no inbox yet",
    "no-key": "authority has no key yet",
    "not-opened": "content not encrypted to the platform",
    "sealed-for-another-use": "content belongs to another submission",
    "internal-error": "error of the router",
    "order-failed": "the router failed at the last order",
    "returned": "returned by the authority",
    "unconfirmed": "not confirmed by the authority for 20 days or more",
    "silence-unconfirmed": "period over; never confirmed by the authority",
    "silence-incomplete": "period over; documents are missing",
    "silence-parked": "period over; no authority held the case",
    "silence-forwarded": "period over; the case was handed on",
    "silence-unread-answer": "period over; an answer of the authority lies unread as a dead letter",
    "silence-suspended": "period over; the authority was suspended in its last days",
    "silence-not-every-case-covered": "period over; the law covers only some of the cases",
    "handed-on-in-a-circle": "handed back by one authority to another that has had it",
}


def reason_in_words(reason: str, language: ReadIn) -> str:
    """The reason in a few words, or its key where a newer release knows more."""
    return (REASONS_DE if language == "de" else REASONS_EN).get(reason, reason)


CasesById = Mapping[UUID, CaseHeld]
"""By case: what is parked, lies with an authority unconfirmed, or has left the desk by a person's order."""

DeskCursor = tuple[datetime, UUID]
"""A place in the list: date of receipt, case."""

Obstacle = Literal[
    "not-at-the-desk",
    "already-routed",
    "not-unconfirmed",
    "unknown-authority",
    "not-a-candidate",
    "not-connected",
    "failed",
]
"""Why an order has no effect. ``not-unconfirmed``: there is nothing to deliver again. ``not-connected``: the authority
has no inbox or no key yet. ``failed``: the router cannot carry it out; what it failed on lies in the dead letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A case of the desk."""

    case: UUID
    held: CaseHeld

    @property
    def is_parked(self) -> bool:
        return self.held.standing == "parked"

    @property
    def reason(self) -> str:
        """Why it is at the desk."""
        if self.doubt is not None:
            return f"silence-{self.doubt}"
        return "unconfirmed" if self.held.standing in UNANSWERED else self.held.reason or ""

    @property
    def doubt(self) -> SilenceDoubt | None:
        """Why nothing follows from silence at its period's end; None once the case is over, or where nothing is doubted."""
        period = self.held.period
        return period.doubt if period is not None and self.held.standing in OPEN else None

    def needs_a_person(self, now: datetime) -> bool:
        """Whether it is parked, has been unconfirmed for long, or its period is over and silence is doubted."""
        return self.is_parked or self.doubt is not None or is_unconfirmed(self.held, now=now)

    @property
    def candidates(self) -> tuple[str, ...]:
        """The authorities that come into question: those of the decision, or the one that could not be reached."""
        decision = self.held.decision
        if decision is None:
            return ()
        return (
            (decision.authority,) if decision.authority else tuple(c.authority for c in decision.candidates)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who gives an order: in which role, and under whose credentials; never a name."""

    role: str
    principal: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """What a person orders, and the key under which the order may be repeated.

    Without ``authority`` the directory is asked again, or, with ``redeliver``, the case goes to its holder once more.
    ``outside_candidates`` says that the person knows the authority to be none of the candidates.
    """

    person: Person
    reason: str
    key: str
    authority: str | None = None
    redeliver: bool = False
    outside_candidates: bool = False
    traceparent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The case lies with this authority by the order."""

    waiting: Waiting
    authority: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StillParked:
    """The directory was asked again and does not name anybody."""

    waiting: Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Ineffective:
    """The order changes nothing; ``waiting`` is the case where there is one."""

    obstacle: Obstacle
    waiting: Waiting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The order is given and will be acted on; the same request tells the outcome later."""

    waiting: Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPage:
    """Parked cases, the oldest first; ``next`` is the place to go on from, None at the end."""

    cases: Sequence[Waiting]
    next: DeskCursor | None


OrderOutcome = Placed | StillParked | Ineffective | Pending


def oldest_first(cases: CasesById, *, now: datetime) -> Sequence[Waiting]:
    """What needs a person, by date of receipt: parked, or unconfirmed for long."""
    known = (Waiting(case=case, held=held) for case, held in cases.items())
    return sorted((waiting for waiting in known if waiting.needs_a_person(now)), key=_place)


def page(cases: CasesById, *, now: datetime, after: DeskCursor | None, limit: int) -> DeskPage:
    """So many of the cases that need a person after a place in the list."""
    rest = [waiting for waiting in oldest_first(cases, now=now) if after is None or _place(waiting) > after]
    shown = rest[:limit]
    return DeskPage(cases=shown, next=_place(shown[-1]) if len(rest) > limit else None)


def find(cases: CasesById, reference: str) -> Waiting | None:
    """The case with this receipt number, submission id or case id, however it is written."""
    number = as_written(reference)
    for case, held in cases.items():
        if number in {held.receipt.receipt_number, str(held.submission_id), str(case)}:
            return Waiting(case=case, held=held)
    return None


def is_no_affair_of(waiting: Waiting, *, now: datetime) -> bool:
    """Whether the directory has decided the case and its authority still has time: no person has to do with it."""
    return not waiting.needs_a_person(now) and waiting.held.placed_by is None


def order(wish: OrderRequest, waiting: Waiting, *, now: datetime) -> Event[Order]:
    """The event that asks the router to do it; repeating the wish gives the same id."""
    assignment = Assignment(role=wish.person.role, reason=wish.reason, principal=wish.person.principal)
    data: Order = RetryOrdered(assignment=assignment)
    if wish.authority is not None:
        data = AssignOrdered(authority=wish.authority, assignment=assignment)
    elif wish.redeliver:
        data = RedeliverOrdered(assignment=assignment)
    ordered = data.to_json().decode()
    return Event(
        id=order_id(waiting.case, wish.person.principal, wish.key, ordered),
        source=wish.person.source,
        time=now,
        case_id=waiting.case,
        submission_id=waiting.held.submission_id,
        data=data,
        traceparent=wish.traceparent,
    )


def objection(
    wish: OrderRequest, waiting: Waiting, *, directory: Directory, now: datetime, today: date
) -> Obstacle | None:
    """Why the order need not be given at all: it would change nothing, or is probably a slip."""
    if wish.redeliver:
        return None if is_unconfirmed(waiting.held, now=now) else "not-unconfirmed"
    if not waiting.needs_a_person(now) or (wish.authority is None and not waiting.is_parked):
        return "already-routed"
    if wish.authority is None:
        return None
    known = directory.authorities.get(wish.authority)
    if known is None or today not in known.days:
        return "unknown-authority"
    candidates = waiting.candidates
    slip = bool(candidates) and wish.authority not in candidates and not wish.outside_candidates
    return "not-a-candidate" if slip else None


def effect(given: Event[Order], after: Waiting) -> OrderOutcome | None:
    """What became of an order, by the custody of its case; None while the router has not acted on it."""
    held = after.held
    if held.placed_by == given.id and held.authority is not None:
        return Placed(waiting=after, authority=held.authority)
    if given.id not in held.applied:
        return None
    if not after.is_parked:
        nobody = is_unconfirmed(held, now=given.time)  # it lies where it lay: the order has reached nobody
        return Ineffective(obstacle="not-connected" if nobody else "already-routed", waiting=after)
    if isinstance(given.data, RetryOrdered):
        return StillParked(waiting=after)
    failed = held.reason == "order-failed"
    return Ineffective(obstacle="failed" if failed else "not-connected", waiting=after)


def effect_in(cases: CasesById, given: Event[Order]) -> OrderOutcome | None:
    """`effect`, in a view of all cases."""
    held = cases.get(given.case_id)
    return None if held is None else effect(given, Waiting(case=given.case_id, held=held))


def _place(waiting: Waiting) -> DeskCursor:
    return waiting.held.receipt.received_at, waiting.case
