"""The log's secret: pseudonyms for the leaf, encryption for the payload. Without it neither is linkable.

Each log (a yearly shard) has a secret of its own; destroying it makes all its pseudonyms meaningless.
"""

import hmac
import zlib
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.audit.domain.payload import SALT_BYTES, expand, shrink
from services.audit.domain.proof_refused import ProofRefused

KEY_BYTES = 32
NONCE_BYTES = 12
_PSEUDONYM_BYTES = 16


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a commitment."""

    salt: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class Pseudonymizer:
    """Derives from the secret (32 bytes) what the log hides behind."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a secret that is too short."""
        if len(self.secret) != KEY_BYTES:
            raise ProofRefused(f"the log's secret is {len(self.secret)} bytes; expected {KEY_BYTES}")

    def event(self, event_id: UUID) -> str:
        """The id of an event's leaf: 32 hex digits."""
        return self._pseudonym(b"event\0" + event_id.bytes)

    def case(self, case_id: UUID) -> str:
        """The pseudonym of a case: 32 hex digits."""
        return self._pseudonym(b"case\0" + str(case_id).encode())

    def actor(self, name: str, month: str) -> str:
        """The pseudonym of a person who acted in this month (``2026-01``): 32 hex digits."""
        return self._pseudonym(f"actor\0{month}\0{name}".encode())

    def token(self, kind: str, text: str) -> str:
        """What stands in the index for something that a case can be found by: 32 hex digits."""
        return self._pseudonym(f"{kind}\0{text}".encode())

    def cipher(self, key: bytes) -> AESGCM:
        """What `seal` encrypts with, for the key of a case; made once for many payloads."""
        return AESGCM(self._derive(b"payload\0" + key))

    def open(self, sealed: bytes, *, key: bytes, leaf_id: str) -> Opening:
        """Decrypt what `seal` made.

        Raises:
            ProofRefused: the key, the secret or the leaf is another, or the bytes were changed.
        """
        try:
            plain = self.cipher(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], leaf_id.encode())
            return Opening(plain[:SALT_BYTES], expand(plain[SALT_BYTES:]))
        except (InvalidTag, ValueError, zlib.error):
            raise ProofRefused(
                f"payload of entry {leaf_id}: it does not open with the key of its case"
            ) from None

    def wrap(self, inner: bytes, *, nonce: bytes) -> bytes:
        """Encrypt a secret that outlives this log; ``nonce`` are 12 random bytes and stand in front."""
        return nonce + AESGCM(self._derive(b"wrap")).encrypt(nonce, inner, None)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Decrypt what `wrap` made.

        Raises:
            ProofRefused: it was wrapped under another log's secret, or changed.
        """
        try:
            return AESGCM(self._derive(b"wrap")).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], None)
        except (InvalidTag, ValueError):
            raise ProofRefused("the secret is not the one that this log was made with") from None

    def _pseudonym(self, label: bytes) -> str:
        return self._derive(label)[:_PSEUDONYM_BYTES].hex()

    def _derive(self, label: bytes) -> bytes:
        return hmac.new(self.secret, label, "sha256").digest()


@dataclass(frozen=True, slots=True)
class KnownEvents:
    """Names every event of all logs, so that no later log takes one again; this secret outlives each log's own.

    Each log keeps it wrapped under its own secret, and hands it on to the next log.
    """

    secret: bytes = field(repr=False)

    def name(self, event_id: UUID) -> UUID:
        """What stands for the event in the table of all events, without saying where it is."""
        return UUID(bytes=hmac.new(self.secret, event_id.bytes, "sha256").digest()[:_PSEUDONYM_BYTES])


def seal(disclosure: Opening, *, cipher: AESGCM, leaf_id: str, nonce: bytes) -> bytes:
    """Encrypt under the key of the case; ``nonce`` are 12 random bytes and stand in front."""
    return nonce + cipher.encrypt(nonce, disclosure.salt + shrink(disclosure.payload), leaf_id.encode())
