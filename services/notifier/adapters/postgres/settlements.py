"""The event that publishes a message's outcome."""

from uuid import UUID

from shared.events.envelope import Event, Message, encode
from shared.events.ids import child_id
from shared.events.notification import NotificationSettled
from shared.events.topics import NOTIFICATION_SETTLED

SOURCE = "urn:amtsweg:notifier"


def settlement(told: NotificationSettled, *, cause: str, case_id: UUID, submission_id: UUID) -> Message:
    """The record to publish; its id follows from the message and the cause, so that the same outcome is one event."""
    event = Event(
        id=child_id(told.message_id, cause),
        source=SOURCE,
        time=told.settled_at,
        case_id=case_id,
        submission_id=submission_id,
        data=told,
    )
    return encode(event, NOTIFICATION_SETTLED.name)
