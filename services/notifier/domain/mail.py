"""A message as bytes on the wire: RFC 5322 headers, text and HTML side by side (RFC 2046 section 5.1.4)."""

import re
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from uuid import UUID

from services.notifier.domain.address import Address
from services.notifier.domain.rendering import Unrenderable, Words

_LINE_BREAK = re.compile(r"[\r\n]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whom the mails come from. ``domain`` ends every Message-ID."""

    name: str
    address: Address
    domain: str


@dataclass(frozen=True, slots=True)
class Mail:
    """An envelope and its content; the content ends with CRLF and is 7-bit."""

    sender: Address
    recipient: Address
    content: bytes


def compose(message_id: UUID, words: Words, *, sender: Sender, recipient: Address, now: datetime) -> Mail:
    """Return the mail; the same message always has the same Message-ID.

    Raises:
        Unrenderable: a header would hold a line break.
    """
    boundary = f"=_{message_id.hex}"  # "=_" never occurs in quoted-printable (RFC 2045 section 6.7)
    headers = (
        ("From", formataddr((sender.name, sender.address), charset="utf-8")),
        ("To", recipient),
        ("Subject", Header(words.subject, "utf-8", header_name="Subject").encode(linesep="\r\n")),
        ("Date", format_datetime(now)),
        ("Message-ID", f"<{message_id}@{sender.domain}>"),
        ("Auto-Submitted", "auto-generated"),  # RFC 3834 section 5: no out-of-office answers, please
        ("Content-Language", words.language),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
    )
    lines = [_header(name, value) for name, value in headers]
    for subtype, body in (("plain", words.text), ("html", words.html)):
        lines += ["", f"--{boundary}", *_part(subtype, body)]
    lines += ["", f"--{boundary}--", ""]
    return Mail(sender.address, recipient, "\r\n".join(lines).encode("ascii"))


def _header(name: str, value: str) -> str:
    if _LINE_BREAK.search(value.replace("\r\n ", "")):
        raise Unrenderable(f"the header {name} would hold a line break")
    return f"{name}: {value}"


def _part(subtype: str, body: str) -> list[str]:
    encoded = b2a_qp(body.encode().replace(b"\n", b"\r\n"), istext=True)
    return [
        f"Content-Type: text/{subtype}; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        encoded.decode("ascii").replace("=\n", "=\r\n"),
    ]
