"""Wrapping a content key for a recipient: ECDH-ES+A256KW and RSA-OAEP-256 (RFC 7518 sections 4.3, 4.6, 4.4).

Own code over ``cryptography``, because a JOSE library wraps and encrypts in one step and the router must wrap
without touching ciphertext; the tests hold it against ``joserfc`` in both directions.
"""

import base64
import binascii
import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, x25519
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from shared.crypto.key_strength import strong_key

Jwk = Mapping[str, Any]
"""A JSON Web Key (RFC 7517)."""

Recipient = Mapping[str, Any]
"""One entry of ``recipients``: ``header`` with alg, kid, epk, apu and apv, and ``encrypted_key``."""

_Public = ec.EllipticCurvePublicKey | x25519.X25519PublicKey
_Private = ec.EllipticCurvePrivateKey | x25519.X25519PrivateKey

ECDH: Final = "ECDH-ES+A256KW"
RSA_OAEP: Final = "RSA-OAEP-256"
SENDER_KEY_SECONDS: Final = 1.0
"""How long one ephemeral key serves one recipient: a batch shares it, two batches do not.

A fresh one costs 80 µs; an attacker who reads it from this process's memory can read the private key there too.
"""
_REMEMBERED = 1024
_OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label=None)


@dataclass(frozen=True, slots=True)
class Use:
    """What a content key is for; it opens for nothing else. Opening and wrapping anew both ask for its digests."""

    submission_id: UUID
    purpose: str

    @property
    def apu(self) -> str:
        """PartyUInfo (RFC 7518 section 4.6.1.2): the digest of the submission's id, BASE64URL."""
        return _party(str(self.submission_id))[0]

    @property
    def apv(self) -> str:
        """PartyVInfo (RFC 7518 section 4.6.1.3): the digest of the purpose, BASE64URL."""
        return _party(self.purpose)[0]

    @property
    def parties(self) -> bytes:
        """Both as they enter the key derivation (RFC 7518 section 4.6.2)."""
        return _party(str(self.submission_id))[1] + _party(self.purpose)[1]


class NotOpened(Exception):  # noqa: N818 - what happened, in the project's vocabulary
    """A sealed object does not open with the key at hand; the text names the key id, never content."""


class OtherUse(NotOpened):
    """A content key was sealed for another submission or purpose than it is asked for."""


class RecipientKey:
    """A public key to seal for. Make it once and keep it: parsing costs more than wrapping.

    Raises:
        ValueError: not a public key that the project seals for.
    """

    def __init__(self, jwk: Jwk) -> None:
        self.kid = _kid(jwk)
        self._key: Any = strong_key(jwk, use="sealing").public_key
        self._sender: tuple[float, bytes, Mapping[str, Any]] | None = None

    def wrap(self, content_key: bytes, *, use: Use) -> dict[str, Any]:
        """Return the recipient entry that carries the content key, for this use only.

        RSA-OAEP knows no use (JOSE gives it no label); nobody unwraps it but the last recipient.
        """
        if isinstance(self._key, rsa.RSAPublicKey):
            header: dict[str, Any] = {"alg": RSA_OAEP, "kid": self.kid}
            return {"header": header, "encrypted_key": encode(self._key.encrypt(content_key, _OAEP))}
        agreed, epk = self._agree(self._key)
        return {
            "header": {
                "alg": ECDH,
                "kid": self.kid,
                "epk": epk,
                "apu": use.apu,
                "apv": use.apv,
            },
            "encrypted_key": encode(aes_key_wrap(_derive(agreed, use), content_key)),
        }

    def _agree(self, key: _Public) -> tuple[bytes, Mapping[str, Any]]:
        now = time.monotonic()
        if self._sender is None or self._sender[0] <= now:
            ephemeral = _ephemeral(key)
            self._sender = (now + SENDER_KEY_SECONDS, _exchange(ephemeral, key), _point(ephemeral))
        return self._sender[1], self._sender[2]


class OwnKey:
    """A private key to open with: an elliptic one, since RSA-OAEP in JOSE binds a key to no use.

    Raises:
        ValueError: not a private key that the project opens with.
    """

    def __init__(self, jwk: Jwk) -> None:
        self.kid = _kid(jwk)
        if jwk.get("kty") == "RSA":
            raise ValueError(f"key {self.kid}: expected an elliptic key to open with, got RSA")
        self._key: Any = strong_key(jwk, use="sealing").private_key
        if self._key is None:
            raise ValueError(f"key {self.kid}: expected a private key, got a public one")
        # Senders share an ephemeral key within a batch, so the agreed secret is worth remembering.
        self._agreed: OrderedDict[tuple[str, ...], bytes] = OrderedDict()

    def unwrap(self, recipient: Recipient, *, use: Use) -> bytes:
        """Return the content key.

        Raises:
            OtherUse: the entry was made for another submission or purpose.
            NotOpened: the entry is for another key, or was altered.
        """
        try:
            header, wrapped = recipient["header"], decode(recipient["encrypted_key"])
            if header["alg"] != ECDH:
                raise NotOpened(f"the recipient entry's algorithm is not the one of key {self.kid}")
            if (header.get("apu"), header.get("apv")) != (use.apu, use.apv):
                raise OtherUse(
                    f"the key was not sealed for submission {use.submission_id}, purpose {use.purpose}"
                )
            return aes_key_unwrap(_derive(self._agree(header["epk"]), use), wrapped)
        except (InvalidUnwrap, JoseError, KeyError, TypeError, ValueError):
            raise NotOpened(f"the recipient entry does not open with key {self.kid}") from None

    def _agree(self, epk: Mapping[str, str]) -> bytes:
        point = (epk["crv"], epk["x"], epk.get("y", ""))
        agreed = self._agreed.get(point)
        if agreed is None:
            agreed = self._agreed[point] = _exchange(
                self._key, strong_key({**epk, "kid": "epk"}, use="sealing").public_key
            )
            if len(self._agreed) > _REMEMBERED:
                self._agreed.popitem(last=False)
        return agreed


def _ephemeral(key: _Public) -> _Private:
    if isinstance(key, x25519.X25519PublicKey):
        return x25519.X25519PrivateKey.generate()
    return ec.generate_private_key(key.curve)


def _exchange(own: Any, other: Any) -> bytes:
    """The shared secret.

    Raises:
        TypeError, ValueError: the keys are on different curves.
    """
    if isinstance(own, x25519.X25519PrivateKey):
        if not isinstance(other, x25519.X25519PublicKey):
            raise TypeError("another curve")
        return own.exchange(other)
    agreed: bytes = own.exchange(ec.ECDH(), other)
    return agreed


def _point(key: _Private) -> Mapping[str, Any]:
    """A public key as it stands in ``epk``: its coordinates, and no more."""
    public = key.public_key()
    jwk = (
        OKPKey.import_key(public) if isinstance(public, x25519.X25519PublicKey) else ECKey.import_key(public)
    )
    return {name: value for name, value in jwk.as_dict(private=False).items() if name in _POINT}


def encode(data: bytes) -> str:
    """BASE64URL without padding (RFC 7515 section 2)."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_URLSAFE).decode("ascii")


def decode(text: str) -> bytes:
    """The bytes of BASE64URL without padding.

    Raises:
        ValueError: the text is something else.
    """
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as malformed:
        raise ValueError("not base64url") from malformed


def _derive(shared: bytes, use: Use) -> bytes:
    """Concat KDF (RFC 7518 section 4.6.2) for one round of SHA-256."""
    return hashlib.sha256(_COUNTER + shared + _ALGORITHM + use.parties + _BITS).digest()


@lru_cache(maxsize=256)  # a submission's objects are sealed one after the other, for few purposes
def _party(text: str) -> tuple[str, bytes]:
    """The digest in BASE64URL, and as it enters the key derivation."""
    digest = hashlib.sha256(text.encode()).digest()
    return encode(digest), _length_prefixed(digest)


def _length_prefixed(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


_URLSAFE = bytes.maketrans(b"+/", b"-_")
_POINT = frozenset({"kty", "crv", "x", "y"})
_COUNTER = (1).to_bytes(4, "big")
_ALGORITHM = _length_prefixed(ECDH.encode())
_BITS = (256).to_bytes(4, "big")


def _kid(jwk: Jwk) -> str:
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not kid:
        raise ValueError("a key without kid: expected the id that recipients find their entry by")
    return kid
