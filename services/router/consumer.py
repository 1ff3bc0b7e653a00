"""The router's consumer: decodes records, calls the handlers, returns their messages."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from services.router.adapters.cases import StoredCases
from services.router.domain.cases.orders import is_order
from services.router.domain.cases.refusals import REFUSALS
from services.router.domain.cases.transitions import CLOSED
from services.router.handler.clock import Timekeeper
from services.router.handler.routing import Handler
from shared.engine import InputsRead, Plan, State
from shared.errors import Unavailable
from shared.events.case import CaseAnswered, DeliveryFetched
from shared.events.clock import ExtensionIneffective, PeriodEnded, PeriodEnding, StepOverdue
from shared.events.envelope import Event, Message, Undecodable, carries, decode, id_bytes
from shared.events.erasure import EraseOrdered
from shared.events.payload import Payload
from shared.events.submission import SubmissionReceived
from shared.events.supplement import SupplementReceived, WithdrawalReceived
from shared.events.topic_names import dead_letter_topic, sealed_dead_letter_topic
from shared.events.topics import (
    CASE_ANSWERED,
    CASE_CUSTODY,
    CASE_ORDERED,
    CASE_SUBMITTED,
    SUBMISSION_HELD,
    SUBMISSION_RECEIVED,
    SUBMISSION_ROUTED,
    consumed_by,
)
from shared.kafka.records import Record
from shared.telemetry.metrics import Telemetry

_CLOSED = tuple(f'"standing":"{standing}"'.encode() for standing in CLOSED)
_PERIOD_OVER = b'"period":{'
_OPENED_WITHIN_SECONDS = 3600.0
"""How long a supplement waits for the submission that opens its case; both are on the bus already."""

_HANDED_IN = frozenset({SUBMISSION_RECEIVED.name, CASE_SUBMITTED.name})
_INPUTS = {topic.name: topic.payloads for topic in consumed_by("router")}

ROUTING = Plan(
    group="router",
    inputs=tuple(_INPUTS),
    dead_letters=dead_letter_topic("router"),
    sealed_dead_letters=sealed_dead_letter_topic("router"),
    state_topic=CASE_CUSTODY.name,
    lookup_topic=SUBMISSION_HELD.name,
    orders=frozenset({CASE_ORDERED.name}),
)
"""Inbox, routed event, custody and positions of the inputs in one transaction per batch."""


class Routing:
    """The `Processor` of the group ``router``."""

    def __init__(
        self,
        handler: Handler,
        timekeeper: Timekeeper,
        *,
        telemetry: Telemetry,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._handler = handler
        self._timekeeper = timekeeper
        self._telemetry = telemetry
        self._monotonic = monotonic
        self._waiting: dict[int, tuple[int, float]] = {}
        """By partition of ``case.submitted``: the offset of the record that waits, and since when."""

    def wants(self, record: Record, state: State) -> Sequence[str]:
        """The held objects that a person's order, or an answer that hands a case on, needs."""
        if record.topic not in {CASE_ORDERED.name, CASE_ANSWERED.name}:
            return ()
        event = read(record)
        if carries(event, EraseOrdered):
            return ()
        return tuple(map(str, self._handler.wanted(event, StoredCases(state))))

    def on_record(self, record: Record, state: State) -> Sequence[Message]:
        event, cases = read(record), StoredCases(state)
        written_at = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
        if self._handler.is_forgotten(event.case_id, cases, written_at=written_at):
            self._telemetry.count("late_inputs", topic=record.topic)
            return ()
        if record.topic in _HANDED_IN:
            return self._on_handed_in(event, cases, record)
        if record.topic == CASE_ANSWERED.name:
            return self._of_authority(event, cases)
        if is_order(event):
            messages = self._handler.on_ordered(event, cases)
            if any(message.topic == SUBMISSION_ROUTED.name for message in messages):
                # Decided after all: what the router had failed on need not be tried again.
                state.supersede(SUBMISSION_RECEIVED.name)
            return messages
        if carries(event, EraseOrdered):
            return self._handler.on_erased(event, cases)
        return self._of_calendar(event, cases)

    def _of_calendar(self, event: Event[Payload], cases: StoredCases) -> Sequence[Message]:
        if carries(event, StepOverdue) or carries(event, PeriodEnding):
            return self._timekeeper.on_clock(event, cases)
        if carries(event, PeriodEnded) or carries(event, ExtensionIneffective):
            return self._timekeeper.on_clock(event, cases)
        raise AssertionError(f"{type(event.data).__name__} has no handler")

    def _of_authority(self, event: Event[Payload], cases: StoredCases) -> Sequence[Message]:
        if carries(event, CaseAnswered):
            return self._handler.on_answered(event, cases)
        if carries(event, DeliveryFetched):
            return self._handler.on_fetched(event, cases)
        raise AssertionError(f"{type(event.data).__name__} has no handler")

    def _on_handed_in(self, event: Event[Payload], cases: StoredCases, record: Record) -> Sequence[Message]:
        """Apply a supplement or withdrawal; if it is read before the submission that opens its case, it waits.

        Raises:
            Unavailable: try again.
        """
        if carries(event, SubmissionReceived):
            return self._handler.on_received(event, cases)
        if cases.custody(event.case_id) is None and self._still_waits(record):
            raise Unavailable(f"case {event.case_id}: its submission has not been read yet")
        if carries(event, SupplementReceived):
            return self._handler.supplements.on_supplement(event, cases)
        if carries(event, WithdrawalReceived):
            return self._handler.supplements.on_withdrawal(event, cases)
        raise AssertionError(f"{type(event.data).__name__} has no handler")

    def _still_waits(self, record: Record) -> bool:
        """Counted from the first try: after an outage, what was written hours ago may be read before its submission."""
        now = self._monotonic()
        offset, since = self._waiting.get(record.partition, (record.offset, now))
        if offset != record.offset:
            since = now
        self._waiting[record.partition] = record.offset, since
        return now - since < _OPENED_WITHIN_SECONDS

    def on_poisoned(self, record: Record, state: State) -> Sequence[Message]:
        """Park a submission, or report that an order failed; any other record only becomes a dead letter."""
        event, cases = read(record), StoredCases(state)
        if carries(event, SubmissionReceived):
            return self._handler.on_poisoned(event, cases)
        if is_order(event):
            return self._handler.on_poisoned_order(event, cases)
        return ()

    def punctuate(self, keys: Sequence[str], state: State, reading: InputsRead) -> Sequence[Message]:
        """Delete cases closed long ago, decide about silence after a period, and report sums of refusals."""
        # Most are open; their bytes, which are ours and without white space, tell so at once.
        stored = {key: state.get(key) or b"" for key in keys}
        closed = [key for key, value in stored.items() if any(over in value for over in _CLOSED)]
        self._handler.forget_expired(map(UUID, closed), StoredCases(state))
        silent = [key for key, value in stored.items() if _PERIOD_OVER in value and key not in closed]
        told = [key.removeprefix(REFUSALS) for key in keys if key.startswith(REFUSALS)]
        concluded = self._timekeeper.conclude(
            map(UUID, silent),
            StoredCases(state),
            answers_read_to=reading.until,
            unread=[UUID(key) for key in silent if reading.blocked(key)],
        )
        return [*concluded, *self._handler.refusals.sum_up(told, StoredCases(state))]


def read(record: Record) -> Event[Payload]:
    """The event of an input record.

    Raises:
        Undecodable: it is not an event of its topic, or its key is not its case id.
    """
    event = decode(record.value, record.headers, _INPUTS[record.topic])
    if record.key != id_bytes(event.case_id):
        raise Undecodable("the key is not the case id of header ce_caseid")
    return event
