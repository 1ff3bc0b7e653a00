"""Records as intake finds them on its topics, and the transaction in which the engine applies them."""

from dataclasses import replace
from uuid import UUID, uuid4

from services.intake.consumer import HistoryProjection
from shared.case_history.lines import HistoryLine
from shared.events.case import CaseAccepted, CaseMessage
from shared.events.envelope import Event, encode
from shared.events.notification import NotificationSettled
from shared.events.payload import Payload
from shared.events.submission import Receipt, SubmissionReceived, SubmissionRouted
from shared.events.topics import (
    CASE_MESSAGE,
    CASE_UPDATED,
    NOTIFICATION_SETTLED,
    SUBMISSION_RECEIVED,
    SUBMISSION_ROUTED,
    Topic,
)
from shared.kafka.records import Record
from shared.postgres.pool import Pool, transaction
from tests.contracts.intake.receipt_store import NOW
from tests.support.events import GIESSEN, RECEIPT, sealed

RECEIPT_OF_CONTRACT = RECEIPT.model_copy(update={"client_id": "portal"})


async def project(pool: Pool, *records: Record) -> None:
    """Apply records in one transaction."""
    async with transaction(pool) as connection:
        await HistoryProjection().apply(connection, records)


def record(
    topic: Topic, data: Payload, *, submission_id: UUID, case_id: UUID, event_id: UUID | None = None
) -> Record:
    event = Event(
        id=event_id or uuid4(),
        source="urn:amtsweg:tests",
        time=NOW,
        case_id=case_id,
        submission_id=submission_id,
        data=data,
    )
    message = encode(event, topic.name)
    return Record(topic.name, 0, 0, 0, message.key, message.value, message.headers)


def received(*, submission_id: UUID, case_id: UUID, receipt: Receipt = RECEIPT_OF_CONTRACT) -> Record:
    data = SubmissionReceived(receipt=receipt, content=sealed())
    return record(SUBMISSION_RECEIVED, data, submission_id=submission_id, case_id=case_id)


def settled(*, submission_id: UUID, case_id: UUID) -> Record:
    """An event that does not repeat the facts of receipt."""
    data = NotificationSettled(
        message_id=uuid4(),
        kind="receipt",
        revision=1,
        channel="email",
        outcome="sent",
        attempts=1,
        settled_at=NOW,
    )
    return record(NOTIFICATION_SETTLED, data, submission_id=submission_id, case_id=case_id)


def accepted(*, submission_id: UUID, case_id: UUID) -> Record:
    """An acceptance."""
    data = CaseAccepted(receipt=RECEIPT_OF_CONTRACT, authority=GIESSEN, accepted_at=NOW)
    return record(CASE_UPDATED, data, submission_id=submission_id, case_id=case_id)


def message(*, submission_id: UUID, case_id: UUID, message_id: UUID, client: str = "portal") -> Record:
    """A message of an authority, as the router writes it; its key is its own id."""
    data = CaseMessage(
        receipt=RECEIPT.model_copy(update={"client_id": client}),
        authority=GIESSEN,
        kind="decided",
        answer_id=uuid4(),
        outcome="granted",
        content=sealed("portal-2026", purpose="answer"),
        given_at=NOW,
    )
    made = record(CASE_MESSAGE, data, submission_id=submission_id, case_id=case_id, event_id=message_id)
    return replace(made, key=str(message_id).encode())


def taken_away(message_id: UUID) -> Record:
    """The record without value that ends a message."""
    return Record(CASE_MESSAGE.name, 0, 0, 0, str(message_id).encode(), None)


def record_of(line: HistoryLine) -> Record:
    """The record of an event that is told by this line."""
    topic, data = _DATA[line.code]
    event = Event(
        id=line.event_id,
        source="urn:amtsweg:tests",
        time=line.at,
        case_id=line.case_id,
        submission_id=line.submission_id,
        data=data,
    )
    message = encode(event, topic.name)
    return Record(topic.name, 0, 0, 0, message.key, message.value, message.headers)


_DATA: dict[str, tuple[Topic, Payload]] = {
    "received": (SUBMISSION_RECEIVED, SubmissionReceived(receipt=RECEIPT_OF_CONTRACT, content=sealed())),
    "routed": (SUBMISSION_ROUTED, SubmissionRouted(receipt=RECEIPT_OF_CONTRACT, authority=GIESSEN)),
    "accepted": (CASE_UPDATED, CaseAccepted(receipt=RECEIPT_OF_CONTRACT, authority=GIESSEN, accepted_at=NOW)),
}
