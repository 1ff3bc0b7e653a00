"""What connects to what: the router's records to its handler, its engines to Kafka, its answers to HTTP."""

from collections.abc import Sequence

from services.router.adapters.cases import StoredCases
from services.router.handler import Handler
from shared.events.case import AssignOrdered, CaseAnswered, RetryOrdered
from shared.events.envelope import Event, Message, Undecodable, carries, decode
from shared.events.payload import Payload
from shared.events.submission import SubmissionReceived
from shared.events.topics import CASE_ORDERED, consumed_by
from shared.runtime.kafka_to_kafka import State
from shared.runtime.records import Record

_PAYLOADS = {topic.name: topic.payloads for topic in consumed_by("router")}


class Routing:
    """The transformation of the group ``router``: records in, the handler's messages out."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def wants(self, record: Record, state: State) -> Sequence[str]:
        """Only a person's order about a parked case needs what was held."""
        if record.topic != CASE_ORDERED.name:
            return ()
        wanted = self._handler.wanted(read(record).case_id, StoredCases(state))
        return () if wanted is None else (str(wanted),)

    def on_record(self, record: Record, state: State) -> Sequence[Message]:
        event, cases = read(record), StoredCases(state)
        if carries(event, SubmissionReceived):
            return self._handler.on_received(event, cases)
        if carries(event, CaseAnswered):
            return self._handler.on_answered(event, cases)
        if carries(event, RetryOrdered) or carries(event, AssignOrdered):
            return self._handler.on_ordered(event, cases)
        raise AssertionError(f"{record.topic}: {type(event.data).__name__} has no handler")

    def on_poisoned(self, record: Record, state: State) -> Sequence[Message]:
        """A submission is parked; what else fails only lies in the dead letter."""
        event = read(record)
        return (
            self._handler.on_poisoned(event, StoredCases(state)) if carries(event, SubmissionReceived) else ()
        )


def read(record: Record) -> Event[Payload]:
    """The event of an input record.

    Raises:
        Undecodable: it is none, or its key would send its case to another partition.
    """
    event = decode(record.value, record.headers, _PAYLOADS[record.topic])
    if record.key != str(event.case_id).encode():
        raise Undecodable("the key is not the case id of header ce_caseid")
    return event
