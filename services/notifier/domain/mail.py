"""A message as bytes on the wire: RFC 5322 headers, text and HTML side by side (RFC 2046 section 5.1.4)."""

import re
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache
from uuid import UUID

from services.notifier.domain.address import Address
from services.notifier.domain.rendering import Unrenderable, Words

_PLAIN = re.compile(r"[A-Za-z0-9-]{1,60}")
_LINE_BREAK = re.compile(r"[\r\n]")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSender:
    """Whom the mails come from. ``domain`` ends every Message-ID."""

    name: str
    address: Address
    domain: str


@dataclass(frozen=True, slots=True)
class Mail:
    """An envelope and its content; the content ends with CRLF and is 7-bit.

    With ``envelope_id`` a server that can report on delivery is asked to, to the sender (RFC 3461).
    """

    sender: Address
    recipient: Address
    content: bytes
    envelope_id: str | None = None


def compose(
    message_id: UUID,
    words: Words,
    *,
    sender: MailSender,
    recipient: Address,
    now: datetime,
    return_path: Address | None = None,
) -> Mail:
    """Return the mail; the same message always has the same Message-ID. ``return_path`` is where bounces go.

    Raises:
        Unrenderable: a header would hold a line break.
    """
    for name, value in (("From", sender.name), ("To", recipient), ("Subject", words.subject)):
        if _LINE_BREAK.search(value):
            raise Unrenderable(f"the header {name} would hold a line break")
    boundary = f"=_{message_id.hex}"  # "=_" never occurs in quoted-printable (RFC 2045 section 6.7)
    headers = (
        ("From", f"{_sender_name(sender.name)}\r\n <{sender.address}>"),
        ("To", recipient),
        ("Subject", _subject(words.subject)),
        ("Date", format_datetime(now)),
        ("Message-ID", f"<{message_id}@{sender.domain}>"),
        ("Auto-Submitted", "auto-generated"),  # RFC 3834 section 5: no out-of-office answers, please
        ("Content-Language", words.language),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"'),
    )
    lines = [f"{name}: {value}" for name, value in headers]
    for subtype, body in (("plain", words.text), ("html", words.html)):
        lines += ["", f"--{boundary}", *_part(subtype, body)]
    lines += ["", f"--{boundary}--", ""]
    return Mail(
        return_path or sender.address,
        recipient,
        "\r\n".join(lines).encode("ascii"),
        envelope_id=None if return_path is None else message_id.hex,
    )


@lru_cache(maxsize=8)
def _sender_name(value: str) -> str:
    """Nearly half of what a mail costs to write, and always the same."""
    return _encoded("From", value)


def _subject(value: str) -> str:
    """The words, which are the same for many, and on a line of its own the number, which is plain ASCII."""
    words, _, number = value.rpartition(" ")
    return (
        f"{_subject_words(words)}\r\n {number}"
        if words and _PLAIN.fullmatch(number)
        else _encoded("Subject", value)
    )


@lru_cache(maxsize=256)
def _subject_words(value: str) -> str:
    return _encoded("Subject", value)


def _encoded(name: str, value: str) -> str:
    return Header(value, "utf-8", header_name=name).encode(linesep="\r\n")  # RFC 2047


def _part(subtype: str, body: str) -> list[str]:
    encoded = b2a_qp(body.rstrip("\n").encode().replace(b"\n", b"\r\n"), istext=True)
    return [
        f"Content-Type: text/{subtype}; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        encoded.decode("ascii").replace("=\n", "=\r\n"),
    ]
