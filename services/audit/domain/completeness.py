"""Completeness: the rules say which events must follow from which; the result are a case's unmet obligations.

The rules read types, times and keyed ids, never payloads, so they hold after an erasure as well. An event's id is
derived from that of its cause; with each cause stand the keyed ids that its effects would have, noted when it was
appended. Hence an event whose cause never reached the log is found, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.events.case import (
    AnswerRefused,
    AssignOrdered,
    CaseAccepted,
    CaseAnswered,
    CaseDecided,
    CaseDeemedApproved,
    CaseForwarded,
    CaseReturned,
    DeemedApprovalCertified,
    FileUnreadable,
    InformationRequested,
    OrderRefused,
    PeriodExtended,
    RedeliverOrdered,
    RetryOrdered,
)
from shared.events.envelope import event_type
from shared.events.notification import NotificationSettled
from shared.events.operation import (
    CloseCaseOrdered,
    CloseOrdered,
    GoOnOrdered,
    OperationSettled,
    ReplayOrdered,
)
from shared.events.submission import SubmissionParked, SubmissionReceived, SubmissionRouted

_RECEIVED = event_type(SubmissionReceived)
_ROUTED = event_type(SubmissionRouted)
_PARKED = event_type(SubmissionParked)
_ANSWERED = event_type(CaseAnswered)
_ACCEPTED = event_type(CaseAccepted)
_DECIDED = event_type(CaseDecided)
_HANDED_ON = frozenset({event_type(CaseReturned), event_type(CaseForwarded)})
CLOSING = frozenset({_DECIDED, event_type(CaseDeemedApproved)})
"""The types of events that end a case."""

_SETTLED = event_type(NotificationSettled)

_AT_ONCE = timedelta(minutes=10)
"""Topics are read in parallel, so that an effect may briefly precede its cause in the log."""

_TO_CONFIRM = timedelta(days=7)
_TO_NOTIFY = timedelta(days=4)
"""A mail is retried for three days; then it is settled as failed."""


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """What a leaf says of an event, as far as the rules ask; ``effects``: the ids that its effects would have.

    Without ``effects`` it is not known what followed from the event (a database made anew from the log's files).
    """

    index: int
    id: str
    type: str
    time: datetime
    effects: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Obligation:
    """An unmet obligation of a case: ``index`` is the entry that causes it; it is overdue from ``due`` on."""

    rule: str
    index: int
    since: datetime
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Follows:
    """After each event of ``causes`` comes one of ``effects``, whose id is derived by the name given there.

    The reverse holds as well: no effect without its cause; that rule is named ``<name>-cause``.
    """

    name: str
    says: str
    causes: frozenset[str]
    effects: dict[str, str]
    within: timedelta = _AT_ONCE

    def unmet(self, history: Sequence[CaseEvent]) -> Iterator[Obligation]:
        """What this rule still asks of the case."""
        ids = {each.id for each in history}
        causes = [each for each in history if each.type in self.causes]
        for cause in causes:
            if cause.effects is not None and not cause.effects & ids:
                yield Obligation(self.name, cause.index, cause.time, cause.time + self.within)
        if any(cause.effects is None for cause in causes):
            return
        explained = frozenset[str]().union(*(cause.effects or () for cause in causes))
        for effect in history:
            if effect.type in self.effects and effect.id not in explained:
                yield Obligation(f"{self.name}-cause", effect.index, effect.time, effect.time + _AT_ONCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Eventually:
    """After each event of ``causes`` comes, later in the case, any one of ``effects``."""

    name: str
    says: str
    causes: frozenset[str]
    effects: frozenset[str]
    within: timedelta

    def unmet(self, history: Sequence[CaseEvent]) -> Iterator[Obligation]:
        """What this rule still asks of the case: at most one thing, since its last cause."""
        causes = [each for each in history if each.type in self.causes]
        if causes and not any(e.type in self.effects and e.time >= causes[-1].time for e in history):
            last = causes[-1]
            yield Obligation(self.name, last.index, last.time, last.time + self.within)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """No event of ``effects`` in a case without one of ``causes``."""

    name: str
    says: str
    effects: frozenset[str]
    causes: frozenset[str]

    def unmet(self, history: Sequence[CaseEvent]) -> Iterator[Obligation]:
        """What this rule still asks of the case: at most one thing, since the first effect."""
        effect = next((each for each in history if each.type in self.effects), None)
        if effect is not None and not any(each.type in self.causes for each in history):
            yield Obligation(self.name, effect.index, effect.time, effect.time + _AT_ONCE)


Rule = Follows | Eventually | Needs

RULES: tuple[Rule, ...] = (
    Follows(
        name="routing",
        says="Jeder Eingang und jede Anordnung wird weitergeleitet, geparkt oder abgelehnt.",
        causes=frozenset(
            {_RECEIVED, event_type(RetryOrdered), event_type(RedeliverOrdered), event_type(AssignOrdered)}
        ),
        effects={_ROUTED: "routed", _PARKED: "parked", event_type(OrderRefused): "order-refused"},
    ),
    Eventually(
        name="confirmation",
        says="Jede Weiterleitung wird von der Behörde bestätigt oder beschieden.",
        causes=frozenset({_ROUTED}),
        effects=frozenset({_ACCEPTED, event_type(InformationRequested), *_HANDED_ON, _DECIDED, _PARKED}),
        within=_TO_CONFIRM,
    ),
    Follows(
        name="answer",
        says="Jede Antwort einer Behörde wirkt oder wird abgelehnt.",
        causes=frozenset({_ANSWERED}),
        effects={
            _ACCEPTED: "accepted",
            event_type(InformationRequested): "information-requested",
            event_type(FileUnreadable): "unreadable",
            event_type(PeriodExtended): "extended",
            event_type(DeemedApprovalCertified): "certified",
            event_type(CaseReturned): "returned",
            event_type(CaseForwarded): "forwarded",
            _DECIDED: "decided",
            event_type(AnswerRefused): "answer-refused",
        },
    ),
    Follows(
        name="operation",
        says="Zu jedem Auftrag des Betriebs an einen Dienst steht fest, was daraus wurde.",
        causes=frozenset(event_type(o) for o in (ReplayOrdered, CloseOrdered, CloseCaseOrdered, GoOnOrdered)),
        effects={event_type(OperationSettled): "settled"},
    ),
    Needs(
        name="custody",
        says="Bestätigt und beschieden wird nur, was weitergeleitet war.",
        effects=frozenset({_ACCEPTED, _DECIDED}),
        causes=frozenset({_ROUTED}),
    ),
    Eventually(
        name="notification",
        says="Zu jedem Eingang ist eine Nachricht abgeschlossen.",
        causes=frozenset({_RECEIVED}),
        effects=frozenset({_SETTLED}),
        within=_TO_NOTIFY,
    ),
    Needs(
        name="receipt",
        says="Keine Nachricht ohne Eingang.",
        effects=frozenset({_SETTLED}),
        causes=frozenset({_RECEIVED}),
    ),
)

SAYS = {rule.name: rule.says for rule in RULES} | {
    f"{rule.name}-cause": f"Die Ursache steht im Protokoll: {rule.says}"
    for rule in RULES
    if isinstance(rule, Follows)
}
"""What each rule asks, for people; rules that look for a missing cause included."""

EFFECTS: dict[str, tuple[str, ...]] = {
    cause: tuple(rule.effects.values())
    for rule in RULES
    if isinstance(rule, Follows)
    for cause in rule.causes
}
"""By what names the ids of a cause's effects are derived from its own."""

RULED = frozenset().union(*(rule.causes | frozenset(rule.effects) for rule in RULES))
"""The types of events that the rules ask about; all others may be left out of a history."""


def unmet(history: Sequence[CaseEvent]) -> list[Obligation]:
    """The unmet obligations of a case, from its events in order of time; at most one per rule and entry."""
    return [each for rule in RULES for each in rule.unmet(history)]
