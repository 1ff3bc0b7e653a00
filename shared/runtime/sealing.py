"""Sealed objects (promise 6): JWE in general JSON serialisation (RFC 7516) for exactly one recipient.

The protected header holds only ``enc``, ``cty``, the submission's id and the purpose; ``alg``, ``kid`` and
``epk`` stand in the recipient's own header. So the content key can be wrapped for somebody else without
touching, or being able to read anything but, that one entry.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

Jwk = Mapping[str, Any]
"""A JSON Web Key (RFC 7517): EC P-256 with ``alg`` ECDH-ES+A256KW, or RSA with RSA-OAEP-256."""

Recipient = Mapping[str, Any]
"""One entry of ``recipients``: ``header`` with alg, kid, epk, and ``encrypted_key``."""


class NotOpened(Exception):  # noqa: N818 - what happened, in the project's vocabulary
    """A sealed object does not open with the key at hand; the text names the key id, never content."""


def seal(plaintext: bytes, *, key: Jwk, submission_id: UUID, purpose: str, content_type: str) -> bytes:
    """Return the JSON of the object, readable only by the owner of the public key."""
    raise NotImplementedError


def open_sealed(token: bytes, *, key: Jwk) -> bytes:
    """Return the plaintext.

    Raises:
        NotOpened: the object is not ours to open, or was altered.
    """
    raise NotImplementedError


class Rewrapper:
    """Wraps content keys anew; holds the platform's private keys, by key id, old ones included."""

    def __init__(self, keys: Mapping[str, Jwk]) -> None:
        raise NotImplementedError

    def rewrap(self, recipient: Recipient, *, authority_key: Jwk) -> dict[str, Any]:
        """Return the recipient entry for the authority; ciphertext, iv, tag and protected stay as they are.

        Raises:
            NotOpened: the entry is not for one of the platform's keys, or was altered.
        """
        raise NotImplementedError
