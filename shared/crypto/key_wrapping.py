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
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

Jwk = Mapping[str, Any]
"""A JSON Web Key (RFC 7517): EC P-256 for ECDH-ES+A256KW, or RSA for RSA-OAEP-256; with ``kid``."""

Recipient = Mapping[str, Any]
"""One entry of ``recipients``: ``header`` with alg, kid and epk, and ``encrypted_key``."""

ECDH: Final = "ECDH-ES+A256KW"
RSA_OAEP: Final = "RSA-OAEP-256"
SENDER_KEY_SECONDS: Final = 1.0
"""How long one ephemeral key serves one recipient: a batch shares it, two batches do not.

A fresh one costs 80 µs; whoever could read it from this process's memory could read the private key there.
"""
_REMEMBERED = 1024
_OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label=None)


class NotOpened(Exception):  # noqa: N818 - what happened, in the project's vocabulary
    """A sealed object does not open with the key at hand; the text names the key id, never content."""


class RecipientKey:
    """A public key to seal for. Make it once and keep it: parsing costs more than wrapping.

    Raises:
        ValueError: not a public key that the project seals for.
    """

    def __init__(self, jwk: Jwk) -> None:
        self.kid = _kid(jwk)
        self._key = _parse(jwk).public_key
        self._sender: tuple[float, bytes, dict[str, str]] | None = None

    def wrap(self, content_key: bytes) -> dict[str, Any]:
        """Return the recipient entry that carries the content key."""
        if isinstance(self._key, rsa.RSAPublicKey):
            header: dict[str, Any] = {"alg": RSA_OAEP, "kid": self.kid}
            return {"header": header, "encrypted_key": encode(self._key.encrypt(content_key, _OAEP))}
        wrapping_key, epk = self._agree(self._key)
        return {
            "header": {"alg": ECDH, "kid": self.kid, "epk": epk},
            "encrypted_key": encode(aes_key_wrap(wrapping_key, content_key)),
        }

    def _agree(self, key: ec.EllipticCurvePublicKey) -> tuple[bytes, dict[str, str]]:
        now = time.monotonic()
        if self._sender is None or self._sender[0] <= now:
            ephemeral = ec.generate_private_key(ec.SECP256R1())
            point = ephemeral.public_key().public_numbers()
            epk = {
                "kty": "EC",
                "crv": "P-256",
                "x": encode(point.x.to_bytes(32, "big")),
                "y": encode(point.y.to_bytes(32, "big")),
            }
            self._sender = (now + SENDER_KEY_SECONDS, _derive(ephemeral.exchange(ec.ECDH(), key)), epk)
        return self._sender[1], self._sender[2]


class OwnKey:
    """A private key to open with.

    Raises:
        ValueError: not a private key that the project opens with.
    """

    def __init__(self, jwk: Jwk) -> None:
        self.kid = _kid(jwk)
        key = _parse(jwk).private_key
        if key is None:
            raise ValueError(f"key {self.kid}: expected a private key, got a public one")
        self._key = key
        # Senders share an ephemeral key within a batch, so the agreed key is worth remembering.
        self._agreed: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def unwrap(self, recipient: Recipient) -> bytes:
        """Return the content key.

        Raises:
            NotOpened: the entry is for another key, or was altered.
        """
        try:
            header, wrapped = recipient["header"], decode(recipient["encrypted_key"])
            if isinstance(self._key, rsa.RSAPrivateKey) and header["alg"] == RSA_OAEP:
                return self._key.decrypt(wrapped, _OAEP)
            if isinstance(self._key, ec.EllipticCurvePrivateKey) and header["alg"] == ECDH:
                return aes_key_unwrap(self._agree(self._key, header["epk"]), wrapped)
        except (InvalidUnwrap, KeyError, TypeError, ValueError):
            raise NotOpened(f"the recipient entry does not open with key {self.kid}") from None
        raise NotOpened(f"the recipient entry's algorithm is not the one of key {self.kid}")

    def _agree(self, key: ec.EllipticCurvePrivateKey, epk: Mapping[str, str]) -> bytes:
        point = (epk["x"], epk["y"])
        agreed = self._agreed.get(point)
        if agreed is None:
            x, y = (int.from_bytes(decode(coordinate), "big") for coordinate in point)
            public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
            agreed = self._agreed[point] = _derive(key.exchange(ec.ECDH(), public))
            if len(self._agreed) > _REMEMBERED:
                self._agreed.popitem(last=False)
        return agreed


def encode(data: bytes) -> str:
    """BASE64URL without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The bytes of BASE64URL without padding.

    Raises:
        ValueError: the text is something else.
    """
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as malformed:
        raise ValueError("not base64url") from malformed


def _derive(shared: bytes) -> bytes:
    """Concat KDF (RFC 7518 section 4.6.2) for one round of SHA-256, without PartyUInfo and PartyVInfo."""
    return hashlib.sha256(_COUNTER + shared + _OTHER_INFO).digest()


def _length_prefixed(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


_COUNTER = (1).to_bytes(4, "big")
_OTHER_INFO = _length_prefixed(ECDH.encode()) + bytes(4) + bytes(4) + (256).to_bytes(4, "big")


def _kid(jwk: Jwk) -> str:
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not kid:
        raise ValueError("a key without kid: expected the id that recipients find their entry by")
    return kid


def _parse(jwk: Jwk) -> ECKey | RSAKey:
    try:
        match jwk.get("kty"), jwk.get("crv"):
            case "EC", "P-256":
                return ECKey.import_key(dict(jwk))
            case "RSA", None:
                return RSAKey.import_key(dict(jwk))
    except (JoseError, ValueError, TypeError):
        raise ValueError(f"key {jwk.get('kid')}: malformed") from None
    raise ValueError(f"key {jwk.get('kid')}: expected EC P-256 or RSA")
