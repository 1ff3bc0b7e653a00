"""The log's secret: pseudonyms for the leaf, encryption for the payload. Without it neither is linkable.

Each log (a yearly shard) has a secret of its own; destroying it makes all its pseudonyms meaningless.
"""

import hmac
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.audit.domain.payload import SALT_BYTES
from services.audit.domain.refused import Refused

KEY_BYTES = 32
NONCE_BYTES = 12
_PSEUDONYM_BYTES = 16


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What opens a commitment."""

    salt: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class Secrecy:
    """Derives from the secret (32 bytes) what the log hides behind."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a secret that is too short."""
        if len(self.secret) != KEY_BYTES:
            raise Refused(f"the log's secret is {len(self.secret)} bytes; expected {KEY_BYTES}")

    def case(self, case_id: UUID) -> str:
        """The pseudonym of a case: 32 hex digits."""
        return self._derive(b"case\0" + str(case_id).encode())[:_PSEUDONYM_BYTES].hex()

    def actor(self, name: str) -> str:
        """The pseudonym of a person who acted: 32 hex digits."""
        return self._derive(b"actor\0" + name.encode())[:_PSEUDONYM_BYTES].hex()

    def cipher(self, key: bytes) -> AESGCM:
        """What `seal` encrypts with, for the key of a case; made once for many payloads."""
        return AESGCM(self._derive(b"payload\0" + key))

    def open(self, sealed: bytes, *, key: bytes, event_id: UUID) -> Disclosure:
        """Decrypt what `seal` made.

        Raises:
            Refused: the key, the secret or the event is another, or the bytes were changed.
        """
        try:
            plain = self.cipher(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], event_id.bytes)
        except (InvalidTag, ValueError):
            raise Refused(f"payload of event {event_id}: it does not open with the key of its case") from None
        return Disclosure(plain[:SALT_BYTES], plain[SALT_BYTES:])

    def _derive(self, label: bytes) -> bytes:
        return hmac.new(self.secret, label, "sha256").digest()


def seal(disclosure: Disclosure, *, cipher: AESGCM, event_id: UUID, nonce: bytes) -> bytes:
    """Encrypt under the key of the case; ``nonce`` are 12 random bytes and stand in front."""
    return nonce + cipher.encrypt(nonce, disclosure.salt + disclosure.payload, event_id.bytes)
