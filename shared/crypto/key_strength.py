"""Which keys are strong enough to enter, wherever they do (BSI TR-02102-1): RSA from 3072 bits, P-256, P-384, Ed25519, X25519.

A point has to lie on its curve and to be of large order. ``cryptography`` checks that for P-256 and P-384 only: with a
point of small order X25519 agrees on nothing, and Ed25519 takes signatures that nobody made (RFC 7748 section 6.1,
RFC 8032 section 5.1.7).
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa, x25519
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

RSA_BITS: Final = 3072
RSA_EXPONENT: Final = 65537
_CURVES: Final = {
    "signing": ("P-256", "P-384", "Ed25519"),
    "sealing": ("P-256", "P-384", "X25519"),
}
_KINDS: Final = ("EC", "OKP", "RSA")
_PROBE: Final = x25519.X25519PrivateKey.generate()
_P25519: Final = 2**255 - 19
_D25519: Final = -121665 * pow(121666, -1, _P25519) % _P25519
EXPECTED: Final = {
    use: f"RSA with at least {RSA_BITS} bits and e = {RSA_EXPONENT}, EC P-256 or P-384, or {curves[-1]}"
    for use, curves in _CURVES.items()
}


def strong_key(
    jwk: Mapping[str, Any], *, use: Literal["signing", "sealing"] = "signing"
) -> ECKey | RSAKey | OKPKey:
    """Return the key of a JWK (RFC 7517).

    Raises:
        ValueError: it is malformed, or of a kind, curve or length that does not enter; the text names its ``kid``.
    """
    said = f"key {jwk.get('kid') or 'without kid'}"
    if jwk.get("kty") not in _KINDS:
        raise ValueError(f"{said}: expected {EXPECTED[use]}")
    try:
        key = import_key(dict(jwk))
        public = key.public_key if isinstance(key, ECKey | RSAKey | OKPKey) else None
        _check_point(public)
    except (JoseError, ValueError, TypeError, KeyError):
        raise ValueError(f"{said}: malformed; expected {EXPECTED[use]}") from None
    if isinstance(key, ECKey | OKPKey) and jwk.get("crv") in _CURVES[use]:
        return key
    if isinstance(key, RSAKey) and isinstance(public, rsa.RSAPublicKey):
        if public.key_size >= RSA_BITS and public.public_numbers().e == RSA_EXPONENT:
            return key
        raise ValueError(f"{said}: RSA with {public.key_size} bits; expected {EXPECTED[use]}")
    raise ValueError(f"{said}: expected {EXPECTED[use]}")


def is_sealing_point(jwk: Mapping[str, Any]) -> bool:
    """Whether a key, for example the ephemeral one of a sealed object, is a public point that something can be sealed with."""
    try:
        return not strong_key({**jwk, "kid": "epk"}, use="sealing").is_private
    except ValueError:
        return False


def _check_point(public: object) -> None:
    """Raises: ValueError: it is no point of its curve, or one of small order."""
    if isinstance(public, x25519.X25519PublicKey):
        _PROBE.exchange(public)
    if isinstance(public, ed25519.Ed25519PublicKey) and not _is_large(public.public_bytes_raw()):
        raise ValueError("no point of Ed25519, or one of small order")


def _is_large(point: bytes) -> bool:
    """Whether these are a point of Ed25519 (RFC 8032 section 5.1.3) whose order is not 1, 2, 4 or 8.

    Three doublings take a point of small order to the neutral one, whose y is 1.
    """
    y = int.from_bytes(point, "little") & (2**255 - 1)
    square = (y * y - 1) * pow(_D25519 * y * y + 1, -1, _P25519) % _P25519
    if y >= _P25519 or pow(square, (_P25519 - 1) // 2, _P25519) == _P25519 - 1:
        return False
    for _ in range(3):  # x² and y² determine the y of the doubled point, and that its x²
        y = (y * y + square) * pow(2 + square - y * y, -1, _P25519) % _P25519
        square = (y * y - 1) * pow(_D25519 * y * y + 1, -1, _P25519) % _P25519
    return y != 1
