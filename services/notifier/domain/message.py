"""A message to an applicant: its content is fixed when it is planned, only its state changes afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.events import ids
from shared.events.notification import MessageKind, Settlement
from shared.events.submission import Channel, Language, Receipt

RECIPIENT = "applicant"
"""The role that messages go to; an address appears only when a mail is written."""

MessageState = Literal["created", "sending"] | Settlement
"""``created``: to be sent. ``sending``: handed to a server whose answer is not known yet. Else settled."""

BY_EMAIL: tuple[Channel, ...] = ("email",)

CURRENT_TEMPLATES = "v3"
"""The version of the templates that new messages are written with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicantMessage:
    """One message of a case. ``occurred_at`` is the instant of what it tells, not of its planning.

    ``channels`` are the ways to the applicant, the first one first; ``channel`` is the one of this message.
    ``facts`` are what it says beyond the receipt and the law: days, numbers, codes; nothing that people have written.
    ``notice`` is the event whose sealed notice it says as well.
    ``traceparent`` is the trace context of the event that called for it.
    """

    case_id: UUID
    submission_id: UUID
    kind: MessageKind
    revision: int
    occurred_at: datetime
    receipt_number: str
    received_at: datetime
    service: str
    language: Language
    authority: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    templates: str = CURRENT_TEMPLATES
    client_id: str = ""
    channels: tuple[Channel, ...] = BY_EMAIL
    channel: Channel = "email"
    notice: UUID | None = None
    traceparent: str | None = field(default=None, compare=False)

    @property
    def id(self) -> UUID:
        """Derived, so that a replay plans the same message (promise 2)."""
        return ids.message_id(self.case_id, self.kind, self.revision, RECIPIENT, self.channel)


@dataclass(frozen=True, slots=True)
class Told:
    """A message that the case already has, as far as planning the next one needs it."""

    kind: MessageKind
    revision: int
    authority: str | None


def told(message: ApplicantMessage) -> Told:
    """The part of a planned message that the planning of later ones needs."""
    return Told(message.kind, message.revision, message.authority)


def written(
    receipt: Receipt,
    *,
    case_id: UUID,
    submission_id: UUID,
    kind: MessageKind,
    revision: int,
    occurred_at: datetime,
    authority: str | None,
    facts: Mapping[str, str],
    notice: UUID | None = None,
) -> ApplicantMessage:
    """Return the message that repeats these facts of receipt, on the first way to the applicant."""
    channels = receipt.channels or BY_EMAIL
    return ApplicantMessage(
        case_id=case_id,
        submission_id=submission_id,
        kind=kind,
        revision=revision,
        occurred_at=occurred_at,
        receipt_number=receipt.receipt_number,
        received_at=receipt.received_at,
        service=receipt.service,
        language=receipt.language,
        authority=authority,
        facts=facts,
        client_id=receipt.client_id,
        channels=channels,
        channel=channels[0],
        notice=notice,
    )
