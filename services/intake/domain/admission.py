"""Decides whether a request is a new submission, a repetition, or contradicts an earlier one."""

import hmac
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from services.intake.domain.submission import HandedIn
from shared.events import ids
from shared.events.receipt_number import receipt_number
from shared.events.submission import Channel, Receipt

EntryKind = Literal["submission", "supplement", "withdrawal"]
"""What was handed in; supplements and withdrawals belong to the case of a submission."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptEntry:
    """A submission as it is entered in the store of receipts, before its event is sent.

    ``request_hash`` is keyed and covers the whole request body; it is None for an entry that was restored from
    events, which do not contain it. ``client_reference`` is in clear here and nowhere else.
    """

    submission_id: UUID
    case_id: UUID
    receipt: Receipt
    request_hash: str | None
    client_reference: str | None = None
    kind: EntryKind = "submission"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryStanding:
    """An entry found in the store. ``taken``: Kafka has the event. ``running``: an attempt is under way."""

    entry: ReceiptEntry
    taken: bool
    running: bool


@dataclass(frozen=True, slots=True)
class Publish:
    """A new request: send its event."""

    entry: ReceiptEntry


@dataclass(frozen=True, slots=True)
class Resume:
    """An earlier attempt entered the request and failed: claim the entry, then send its event with its ids and time."""

    entry: ReceiptEntry


@dataclass(frozen=True, slots=True)
class Repeat:
    """The request was accepted before; the answer is the same as then."""

    entry: ReceiptEntry


@dataclass(frozen=True, slots=True)
class Running:
    """An earlier request with this key is still in progress."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The key was used for another request."""


Admission = Publish | Resume | Repeat | Running | Contradiction


def enter(
    client_id: str, key: str, handed_in: HandedIn, *, body: bytes, secret: bytes, now: datetime
) -> ReceiptEntry:
    """Return the entry for a request; ids are derived from client and key, hashes are keyed with ``secret``."""
    submission = handed_in.submission
    submission_id = ids.submission_id(client_id, key)
    received_at = now.astimezone(UTC).replace(microsecond=now.microsecond // 1000 * 1000)
    return ReceiptEntry(
        submission_id=submission_id,
        case_id=ids.case_id(submission_id),
        receipt=Receipt(
            receipt_number=receipt_number(submission_id, received_at=received_at),
            received_at=received_at,
            client_id=client_id,
            client_reference_hash=submission.client_reference
            and reference_hash(submission.client_reference, client_id=client_id, secret=secret),
            service=submission.service,
            language=submission.language,
            content_hash=keyed_hash(handed_in.content, secret=secret),
            channels=_channels(handed_in),
        ),
        request_hash=keyed_hash(b"request\n" + body, secret=secret),
        client_reference=submission.client_reference,
    )


def enter_later(
    client_id: str,
    key: str,
    content: bytes | None,
    *,
    kind: EntryKind,
    case_id: UUID,
    opened: Receipt,
    body: bytes,
    secret: bytes,
    now: datetime,
) -> ReceiptEntry:
    """Return the entry for a supplement or withdrawal; service and language come from the case's receipt."""
    own_id = ids.submission_id(client_id, key)
    received_at = now.astimezone(UTC).replace(microsecond=now.microsecond // 1000 * 1000)
    return ReceiptEntry(
        submission_id=own_id,
        case_id=case_id,
        receipt=Receipt(
            receipt_number=receipt_number(own_id, received_at=received_at),
            received_at=received_at,
            client_id=client_id,
            service=opened.service,
            language=opened.language,
            content_hash=keyed_hash(content or b"", secret=secret),
            channels=opened.channels,
        ),
        request_hash=keyed_hash(f"{kind}\n{case_id}\n".encode() + body, secret=secret),
        kind=kind,
    )


def _channels(handed_in: HandedIn) -> tuple[Channel, ...] | None:
    """The ways to reach the applicant; None stands for e-mail alone."""
    contact = handed_in.submission.contact
    return None if contact is None or contact.channels == ("email",) else contact.channels


def admit(asked: ReceiptEntry, *, found: EntryStanding | None) -> Admission:
    """Decide about a request from the store's entry under its id; ``found`` is None if the request was just entered."""
    if found is None:
        return Publish(asked)
    if not _same(asked, found.entry):
        return Contradiction()
    entered = replace(found.entry, client_reference=_reference(asked, found.entry))
    if found.taken:
        return Repeat(entered)
    return Running() if found.running else Resume(entered)


def reference_hash(reference: str, *, client_id: str, secret: bytes) -> str:
    """The keyed hash of a client's reference for the bus; equal references of two clients have different hashes."""
    return keyed_hash(f"reference\n{client_id}\n{reference}".encode(), secret=secret)


def keyed_hash(data: bytes, *, secret: bytes) -> str:
    """HMAC-SHA256 in hex with the prefix ``hmac-sha256:``; without the key it reveals nothing about the data."""
    return f"hmac-sha256:{hmac.digest(secret, data, 'sha256').hex()}"


def _reference(asked: ReceiptEntry, entered: ReceiptEntry) -> str | None:
    """The client's reference in clear; an entry that was restored from events has only its hash."""
    same = asked.receipt.client_reference_hash == entered.receipt.client_reference_hash
    return asked.client_reference if same else entered.client_reference


def _same(asked: ReceiptEntry, entered: ReceiptEntry) -> bool:
    if (asked.kind, asked.case_id) != (entered.kind, entered.case_id):
        return False
    if entered.request_hash is None:
        return asked.receipt.content_hash == entered.receipt.content_hash
    return asked.request_hash == entered.request_hash
