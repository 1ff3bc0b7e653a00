"""The relay: what an authority writes to its outbox, stamped with whose topic it came from."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import cast

from pydantic import TypeAdapter, ValidationError

from shared.engine import State
from shared.events.case import AnswerGiven, CaseAnswered, OwnId
from shared.events.envelope import Event, Message, Undecodable, decode, encode
from shared.events.ids import answer_id
from shared.events.topics import AUTHORITY_OUTBOX, CASE_ANSWERED
from shared.kafka.records import Record
from shared.telemetry.metrics import child_of

SOURCE = "urn:amtsweg:relay"
_OWN_ID: TypeAdapter[str] = TypeAdapter(OwnId)


class Relay:
    """The transformation of the group ``router-relay``: one outbox record, one `CaseAnswered`."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def wants(self, record: Record, state: State) -> Sequence[str]:  # noqa: ARG002 - keeps no state
        return ()

    def on_record(self, record: Record, state: State) -> Sequence[Message]:  # noqa: ARG002 - keeps no state
        """Return the answer as the router takes it.

        Raises:
            Undecodable: the record is not an `AnswerGiven` of the contract.
        """
        authority = AUTHORITY_OUTBOX.authority_of(record.topic)
        own_id = _own_id(record)
        # The id on the bus is ours, so that no authority can take the id of somebody else's event.
        event_id = answer_id(authority, own_id)
        given = cast(
            "Event[AnswerGiven]",
            decode(record.value, (*record.headers, ("ce_id", str(event_id).encode())), (AnswerGiven,)),
        )
        answered = CaseAnswered(authority=authority, own_id=own_id, answer=given.data)
        return (encode(self._stamped(given, answered), CASE_ANSWERED.name),)

    def on_poisoned(self, record: Record, state: State) -> Sequence[Message]:  # noqa: ARG002 - keeps no state
        return ()

    def _stamped(self, given: Event[AnswerGiven], answered: CaseAnswered) -> Event[CaseAnswered]:
        return Event(
            id=given.id,
            source=SOURCE,
            time=self._clock(),
            case_id=given.case_id,
            submission_id=given.submission_id,
            data=answered,
            traceparent=child_of(given.traceparent),
        )


def _own_id(record: Record) -> str:
    own_id = dict(record.headers).get("ce_id") or b""  # left out, or sent without a value
    try:
        return _OWN_ID.validate_python(own_id.decode("ascii"))
    except (UnicodeDecodeError, ValidationError):
        raise Undecodable("header ce_id: expected 1 to 64 of A-Z, a-z, 0-9 and ._:/-") from None
