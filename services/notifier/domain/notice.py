"""The notice for a platform's mailbox: the message in words, and the ids to report its reading with."""

from dataclasses import dataclass
from uuid import UUID

from pydantic import TypeAdapter

from services.notifier.domain.message import ApplicantMessage
from services.notifier.domain.rendering import Words
from shared.events.notification import MessageKind
from shared.events.payload import Instant, WireModel
from shared.events.submission import Language


class MailboxNotice(WireModel):
    """The body of the webhook; ``mailbox`` is what the platform itself has called it."""

    message_id: UUID
    case_id: UUID
    submission_id: UUID
    receipt_number: str
    mailbox: str
    kind: MessageKind
    revision: int
    occurred_at: Instant
    language: Language
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Provision:
    """A notice on its way to a client's mailboxes; ``message_id`` is the webhook's id over all attempts."""

    client_id: str
    message_id: UUID
    body: bytes


def provision(message: ApplicantMessage, words: Words, *, mailbox: str) -> Provision:
    """Return what is posted; the same message is the same bytes."""
    notice = MailboxNotice(
        message_id=message.id,
        case_id=message.case_id,
        submission_id=message.submission_id,
        receipt_number=message.receipt_number,
        mailbox=mailbox,
        kind=message.kind,
        revision=message.revision,
        occurred_at=message.occurred_at,
        language=words.language,
        subject=words.subject,
        text=words.text,
        html=words.html,
    )
    return Provision(message.client_id, message.id, _WRITER.dump_json(notice, by_alias=True))


_WRITER = TypeAdapter(MailboxNotice)
