"""Signatures of mails (DKIM, RFC 6376): ``rsa-sha256`` over ``relaxed/relaxed``, so that relays may fold and pad.

The one maintained library signs in pure Python, a hundredth of a second for each mail; this is for the mails that we
write ourselves, whose form we know. The library verifies them in the tests.
"""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

SHORTEST_BITS: Final = 2048
LONGEST_BITS: Final = 4096
"""Receivers need to verify no longer ones (RFC 8301 section 3.2)."""

_EXPECTED = f"expected an RSA private key with {SHORTEST_BITS} to {LONGEST_BITS} bits (PEM, without password)"
_SIGNED: Final = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
)
_NEVER_ADDED: Final = (*_SIGNED, "Cc", "Reply-To")
"""Named once more than they occur, so that nobody can add another (section 8.15)."""

_BLANKS = re.compile(rb"[ \t]+")
_PER_LINE = 72
_NAMES_PER_LINE: Final = 5
_FOLD: Final = "\r\n  "


@dataclass(frozen=True, slots=True)
class DkimSigner:
    """Signs for one domain. ``selector`` names the key's record: ``<selector>._domainkey.<domain>``."""

    key: RSAPrivateKey = field(repr=False)
    domain: str
    selector: str

    @classmethod
    def from_pem(cls, pem: bytes, *, domain: str, selector: str) -> Self:
        """From a private key.

        Raises:
            ValueError: it cannot be read, or is of a kind or length that receivers do not take for safe.
        """
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise ValueError(f"DKIM key cannot be read: {_EXPECTED}") from None
        if isinstance(key, RSAPrivateKey) and SHORTEST_BITS <= key.key_size <= LONGEST_BITS:
            return cls(key, domain, selector)
        raise ValueError(f"DKIM key of another kind or length: {_EXPECTED}")

    def sign(self, mail: bytes, *, at: datetime) -> bytes:
        """Return the mail with its signature in front. Its lines end with CRLF."""
        head, _, body = mail.partition(b"\r\n\r\n")
        fields = dict(_fields(head))
        names = [name for name in _SIGNED if name.lower() in fields]
        digest = base64.b64encode(sha256(_relaxed_body(body)).digest()).decode()
        own = (
            f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={self.domain};\r\n"
            f" s={self.selector}; t={int(at.timestamp())};\r\n"
            f" h={_folded((*names, *_NEVER_ADDED))};\r\n"
            f" bh={digest};\r\n b="
        )
        signature = base64.b64encode(
            self.key.sign(_covered(fields, names, own), PKCS1v15(), SHA256())
        ).decode()
        lines = [signature[at : at + _PER_LINE] for at in range(0, len(signature), _PER_LINE)]
        return f"{own}{_FOLD.join(lines)}\r\n".encode() + mail

    @property
    def record_name(self) -> str:
        """Where the public key is published in DNS."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """What is published there (TXT)."""
        public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


def _folded(names: Sequence[str]) -> str:
    """A list with colons; a line has few enough of them."""
    lines = [":".join(names[at : at + _NAMES_PER_LINE]) for at in range(0, len(names), _NAMES_PER_LINE)]
    return f":{_FOLD}".join(lines)


def _fields(head: bytes) -> Iterator[tuple[str, bytes]]:
    """Every header field, unfolded: its name in small letters, and its value as it stands."""
    for line in re.split(rb"\r\n(?![ \t])", head):
        name, _, value = line.partition(b":")
        yield name.strip().lower().decode("ascii", "replace"), value


def _covered(fields: Mapping[str, bytes], names: Sequence[str], own: str) -> bytes:
    """What is signed: the fields, then our own one without its signature (section 3.7)."""
    chosen = [_relaxed_field(name.lower(), fields[name.lower()]) for name in names]
    return b"\r\n".join((*chosen, _relaxed_field("dkim-signature", own.partition(":")[2].encode())))


def _relaxed_field(name: str, value: bytes) -> bytes:
    """Section 3.4.2: unfolded, blanks as one, none at the ends."""
    return name.encode() + b":" + _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip()


def _relaxed_body(body: bytes) -> bytes:
    """Section 3.4.4: blanks within a line as one, none at its end, no empty lines at the end."""
    lines = [_BLANKS.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    text = b"\r\n".join(lines).rstrip(b"\r\n")
    return text + b"\r\n" if text else b""
