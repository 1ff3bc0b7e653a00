"""What the notifier knows of a case. It grows event by event and holds no word of the applicant's."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from services.notifier.domain.message import Told
from services.notifier.domain.period import Progress
from shared.events.case import CaseDecided, CaseDeemedApproved
from shared.events.envelope import Event
from shared.events.erasure import EraseOrdered
from shared.events.payload import Payload, Sealed
from shared.events.submission import SubmissionReceived
from shared.events.supplement import CaseWithdrawn

ContactState = Sealed | Literal["unheard", "none", "erased"]
"""The sealed contact; or: not known yet, none was given, or it was deleted after the case closed."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case's contact, its messages, what its period depends on, and the ids of the events that have been handled."""

    id: UUID
    contact: ContactState = "unheard"
    told: tuple[Told, ...] = ()
    handled: frozenset[UUID] = frozenset()
    closed_at: datetime | None = None
    progress: Progress = field(default_factory=Progress)

    def after(self, event: Event[Payload], *told: Told) -> Self:
        """Return the case once this event has been handled and these messages have been planned."""
        contact, closed_at = self.contact, self.closed_at
        match event.data:
            case SubmissionReceived(contact=given) if contact == "unheard":
                contact = given or "none"
            case CaseDecided() | CaseDeemedApproved() | CaseWithdrawn():
                closed_at = closed_at or event.time
            case EraseOrdered():
                contact, closed_at = "erased", closed_at or event.time
        return replace(
            self,
            contact=contact,
            closed_at=closed_at,
            told=(*self.told, *told),
            handled=self.handled | {event.id},
            progress=self.progress.after(event),
        )

    def recalling(self, contact: Sealed | None) -> Self:
        """Return the case with the contact that the router still holds, unless it is known already."""
        return replace(self, contact=contact or "none") if self.contact == "unheard" else self
