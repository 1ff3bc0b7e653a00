"""Signatures of webhooks (Standard Webhooks 1.0): ``v1`` is HMAC-SHA256, ``v1a`` is Ed25519.

Nothing but the master key is kept: the secret of each receiver and the signing key are derived from it (HKDF).
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_SYMMETRIC: Final = "whsec_"
_PUBLIC: Final = "whpk_"
_BYTES: Final = 32


def signed(content_id: str, timestamp: int, body: bytes) -> bytes:
    """The bytes that are signed."""
    return b".".join((content_id.encode(), str(timestamp).encode(), body))


def symmetric(secret: bytes, content: bytes) -> str:
    """The ``v1`` signature."""
    return "v1," + base64.b64encode(hmac.digest(secret, content, hashlib.sha256)).decode()


def asymmetric(key: Ed25519PrivateKey, content: bytes) -> str:
    """The ``v1a`` signature."""
    return "v1a," + base64.b64encode(key.sign(content)).decode()


@dataclass(frozen=True)
class WebhookKeys:
    """Derived from master keys of 32 bytes, the newest first; while there are two, everything is signed with both."""

    masters: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """From 64 hexadecimal digits a line, the newest first.

        Raises:
            ValueError: there is none, or one is not that.
        """
        masters = tuple(bytes.fromhex(line) for line in text.split())
        if not masters or any(len(master) != _BYTES for master in masters):
            raise ValueError("expected one or more lines of 64 hexadecimal digits")
        return cls(masters)

    def secret(self, receiver: str, generation: int) -> str:
        """The receiver's secret of this generation; the receiver sees it once."""
        return _SYMMETRIC + base64.b64encode(_secret(self.masters[0], receiver, generation)).decode()

    def public_keys(self) -> list[str]:
        """The public keys that verify ``v1a``, the newest first."""
        return [
            _PUBLIC + base64.b64encode(_signing_key(master).public_key().public_bytes_raw()).decode()
            for master in self.masters
        ]

    def header(
        self, content_id: str, timestamp: int, body: bytes, *, receiver: str, generations: Sequence[int]
    ) -> str:
        """The value of ``webhook-signature``: one for each secret and key that is in use."""
        content = signed(content_id, timestamp, body)
        with_secrets = [
            symmetric(_secret(master, receiver, generation), content)
            for master in self.masters
            for generation in generations
        ]
        return " ".join(
            [*with_secrets, *(asymmetric(_signing_key(master), content) for master in self.masters)]
        )


@lru_cache(maxsize=4096)
def _secret(master: bytes, receiver: str, generation: int) -> bytes:
    return _derived(master, f"amtsweg webhook secret {generation} {receiver}")


@lru_cache(maxsize=8)
def _signing_key(master: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_derived(master, "amtsweg webhook signing key"))


def _derived(master: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), _BYTES, None, purpose.encode()).derive(master)
