"""Accepts a platform's report that an applicant has opened a message in their mailbox."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.intake.handler.submissions import SOURCE
from services.intake.ports import Bus, Known
from shared.events.envelope import Event, encode
from shared.events.ids import child_id
from shared.events.notification import NotificationRead
from shared.events.topics import NOTIFICATION_READ


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxReadings:
    """Reports are idempotent: the event's id is derived from the message's id, and consumers keep the first event."""

    bus: Bus
    clock: Callable[[], datetime]

    async def report(self, message_id: UUID, *, case: Known) -> bool:
        """Publish the report; False if this case has no settled message with this id in its history."""
        settled = child_id(message_id, "settled")
        if not any(line.event_id == settled for line in case.lines):
            return False
        now = self.clock()
        event = Event(
            id=child_id(message_id, "read"),
            source=SOURCE,
            time=now,
            case_id=case.case_id,
            submission_id=case.submission_id,
            data=NotificationRead(message_id=message_id, read_at=now),
        )
        await self.bus.publish(encode(event, NOTIFICATION_READ.name))
        return True
