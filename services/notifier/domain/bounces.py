"""Mails that come back: whose they are, by a keyed token in the envelope's sender (VERP), and what a report says (RFC 3464).

What arrives is anybody's: without the token it is about no message of ours, and a report that cannot be read says nothing.
"""

import hmac
import re
from base64 import b32decode, b32encode
from binascii import Error as NotBase32
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from typing import Final, Literal
from uuid import UUID

from services.notifier.domain.address import Address

MOST_BYTES: Final = 256 * 1024
"""The largest report that is taken; the returned content is cut by whoever reports."""

_MOST_BOUNDARIES = 20
_MOST_LINES = 10_000
_MOST_PARAMETERS = 1_000
"""The library's time grows with their square: 60,000 in one header take seconds."""

_MOST_PARTS = 50
_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9])")
_QMAIL_STATUS = re.compile(r"#([45]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9])")
_PREFIX = "bounce+"
_ID_BYTES, _MAC_BYTES = 16, 10
_CODED = 42
"""Characters of 26 bytes in base 32, without padding."""


@dataclass(frozen=True, slots=True)
class ReturnPaths:
    """Senders of envelopes: ``keys`` are secrets of 32 bytes, the newest first; old ones are still understood."""

    domain: str
    keys: tuple[bytes, ...]

    def of(self, message: UUID) -> Address:
        """The envelope's sender of a message."""
        token = b32encode(message.bytes + _mac(self.keys[0], message)).decode().rstrip("=").lower()
        return Address(f"{_PREFIX}{token}@{self.domain}")

    def message(self, recipient: str) -> UUID | None:
        """The message that a report to this address is about; None where the token is not ours."""
        local, _, domain = recipient.rpartition("@")
        token = local.removeprefix(_PREFIX)
        if domain.lower() != self.domain.lower() or token == local or len(token) != _CODED:
            return None
        try:
            found = b32decode(token.upper() + "=" * (-len(token) % 8))
        except (NotBase32, ValueError):
            return None
        message = UUID(bytes=found[:_ID_BYTES])
        known = [hmac.compare_digest(found[_ID_BYTES:], _mac(key, message)) for key in self.keys]
        return message if any(known) else None


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of the mail, as a mail server on its way says; ``status`` is its enhanced code (RFC 3463), or empty."""

    outcome: Literal["failed", "delayed", "delivered"]
    status: str


def read_report(content: bytes) -> DeliveryReport | None:
    """Read a delivery status notification; None where it is none, contradicts itself, or is larger than any real one."""
    if len(content) > MOST_BYTES or content.lower().count(b"boundary") > _MOST_BOUNDARIES:
        return None
    if content.count(b"\n") > _MOST_LINES or content.count(b";") > _MOST_PARAMETERS:
        return None
    try:
        whole = BytesParser(policy=compat32).parsebytes(content)
        reports = [report for part in _status_parts(whole) for report in _recipients(part)] or _qmail(whole)
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None  # the parser is the library's: whatever it trips over was no report
    # An alias leads to several mailboxes: what is true of all of them is true.
    return reports[0] if len({report.outcome for report in reports}) == 1 else None


def _status_parts(whole: Message) -> Iterator[Message]:
    if whole.get_content_type() != "multipart/report":
        return
    for number, part in enumerate(whole.walk()):
        if number > _MOST_PARTS:
            return
        if part.get_content_type() == "message/delivery-status":
            yield part


def _recipients(part: Message) -> Iterator[DeliveryReport]:
    """The reports on each recipient; fields about the mail as a whole have no action, whether they stand apart or not."""
    blocks = part.get_payload()
    if not isinstance(blocks, list):
        return
    for block in blocks:
        report = isinstance(block, Message) and _report(block)
        if report:
            yield report


def _qmail(whole: Message) -> list[DeliveryReport]:
    """Of qmail, which writes text (QSBMF), and only once it has given up."""
    text = "" if whole.is_multipart() else str(whole.get_payload())
    if not (text.startswith("Hi. This is the ") and "I've given up" in text):
        return []
    stated = _QMAIL_STATUS.search(text)
    return [DeliveryReport("failed", stated[1] if stated else "")]


def _report(fields: Message) -> DeliveryReport | None:
    action = str(fields.get("Action", "")).partition("(")[0].strip().lower()
    said = str(fields.get("Status", "")).strip()
    stated = _STATUS.match(said)
    status = stated[0] if stated else said and "unreadable"
    match action, status[:2]:
        case "failed", "5." | "":  # some say nothing but that it failed
            return DeliveryReport("failed", status)
        case "failed" | "delayed", "4.":
            # Given up after temporary refusals, or still being tried.
            return DeliveryReport("failed" if action == "failed" else "delayed", status)
        case "delivered", "2.":
            return DeliveryReport("delivered", status)
    return None  # relayed and expanded say nothing certain (RFC 3464 section 2.3.3)


def _mac(key: bytes, message: UUID) -> bytes:
    return hmac.digest(key, b"amtsweg return path\n" + message.bytes, "sha256")[:_MAC_BYTES]


def keys_from(text: str) -> tuple[bytes, ...]:
    """Keys from 64 hexadecimal digits a line, the newest first.

    Raises:
        ValueError: there is none, or one is not that.
    """
    keys = [bytes.fromhex(line) for line in text.split()]
    if not keys or any(len(key) != 32 for key in keys):  # noqa: PLR2004 - said in the docstring
        raise ValueError("expected one or more lines of 64 hexadecimal digits")
    return tuple(keys)
