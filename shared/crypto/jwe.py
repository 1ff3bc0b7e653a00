"""Sealed objects (promise 6): JWE in general JSON serialisation (RFC 7516 section 7.2.1) for one recipient.

The protected header holds only ``enc``, ``cty``, the submission's id and the purpose; ``alg``, ``kid`` and
``epk`` stand in the recipient's own header. So the content key can be wrapped for somebody else without
touching ciphertext, and without changing what the authentication tag covers. The wrapped key itself is bound to
submission and purpose (``apu``, ``apv``): moved to another object it opens nothing, in a KMS neither.
"""

import secrets
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.crypto.key_wrapping import (
    Jwk,
    NotOpened,
    OtherUse,
    OwnKey,
    Recipient,
    RecipientKey,
    Use,
    decode,
    encode,
)

__all__ = [
    "Jwk",
    "NotOpened",
    "OtherUse",
    "OwnKey",
    "Recipient",
    "RecipientKey",
    "Rewrapper",
    "Use",
    "open_sealed",
    "seal",
    "sealed_members",
]

_TAG_BYTES = 16


def seal(
    plaintext: bytes, *, key: RecipientKey, submission_id: UUID, purpose: str, content_type: str
) -> bytes:
    """Return the JSON of the object, readable only by the owner of the key and bound to id and purpose."""
    use = Use(submission_id, purpose)
    return orjson.dumps(sealed_members(plaintext, key=key, use=use, content_type=content_type))


def sealed_members(plaintext: bytes, *, key: RecipientKey, use: Use, content_type: str) -> dict[str, Any]:
    """Return the members of that JSON."""
    header = {
        "enc": "A256GCM",
        "cty": content_type,
        "submissionId": str(use.submission_id),
        "purpose": use.purpose,
    }
    protected = encode(orjson.dumps(header))
    content_key, iv = secrets.token_bytes(32), secrets.token_bytes(12)
    sealed = AESGCM(content_key).encrypt(iv, plaintext, protected.encode("ascii"))
    return {
        "protected": protected,
        "recipients": [key.wrap(content_key, use=use)],
        "iv": encode(iv),
        "ciphertext": encode(sealed[:-_TAG_BYTES]),
        "tag": encode(sealed[-_TAG_BYTES:]),
    }


def open_sealed(token: bytes, *, key: OwnKey, submission_id: UUID, purpose: str) -> bytes:
    """Return the plaintext of an object that was sealed for this submission and purpose.

    Raises:
        NotOpened: the object is not ours to open, was altered, or belongs to something else.
    """
    try:
        sealed = orjson.loads(token)
        protected, recipient = sealed["protected"], _own_entry(sealed["recipients"], key)
        header = orjson.loads(decode(protected))
        if header != {
            "enc": "A256GCM",
            "cty": header["cty"],
            "submissionId": str(submission_id),
            "purpose": purpose,
        }:
            raise NotOpened(f"the object is not sealed for submission {submission_id}, purpose {purpose}")
        return AESGCM(key.unwrap(recipient, use=Use(submission_id, purpose))).decrypt(
            decode(sealed["iv"]), decode(sealed["ciphertext"]) + decode(sealed["tag"]), protected.encode()
        )
    except (InvalidTag, KeyError, TypeError, ValueError):
        raise NotOpened(f"the object is malformed or was altered; tried with key {key.kid}") from None


class Rewrapper:
    """Wraps content keys anew for authorities; holds the platform's private keys, old ones included.

    Access to this process means access to the keys. The class is small so that a KMS or PKCS#11 token can take its place.
    """

    def __init__(self, keys: Iterable[OwnKey]) -> None:
        self._keys = {key.kid: key for key in keys}

    def rewrap(
        self, recipient: Recipient, *, submission_id: UUID, purpose: str, authority_key: RecipientKey
    ) -> dict[str, Any]:
        """Return the recipient entry for the authority; nothing else of the sealed object changes.

        Raises:
            OtherUse: the entry was made for another submission or purpose.
            NotOpened: the entry is not for one of the platform's keys, or was altered.
        """
        try:
            kid = recipient["header"]["kid"]
            key = self._keys.get(kid)
        except (KeyError, TypeError):
            raise NotOpened("the recipient entry names no key") from None
        if key is None:
            raise NotOpened(f"no private key {kid}: expected one of {', '.join(sorted(self._keys))}")
        use = Use(submission_id, purpose)
        return authority_key.wrap(key.unwrap(recipient, use=use), use=use)


def _own_entry(recipients: list[Recipient], key: OwnKey) -> Recipient:
    for recipient in recipients:
        if recipient["header"]["kid"] == key.kid:
            return recipient
    raise NotOpened(f"the object is not sealed for key {key.kid}")
