"""Which keys are strong enough to enter, wherever they do (BSI TR-02102-1): RSA from 3072 bits, P-256, P-384, Ed25519, X25519."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

RSA_BITS: Final = 3072
RSA_EXPONENT: Final = 65537
_CURVES: Final = {
    "signing": ("P-256", "P-384", "Ed25519"),
    "sealing": ("P-256", "P-384", "X25519"),
}
_KINDS: Final = ("EC", "OKP", "RSA")
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
    except (JoseError, ValueError, TypeError, KeyError):
        raise ValueError(f"{said}: malformed; expected {EXPECTED[use]}") from None
    if isinstance(key, ECKey | OKPKey) and jwk.get("crv") in _CURVES[use]:
        return key
    if isinstance(key, RSAKey) and isinstance(public, rsa.RSAPublicKey):
        if public.key_size >= RSA_BITS and public.public_numbers().e == RSA_EXPONENT:
            return key
        raise ValueError(f"{said}: RSA with {public.key_size} bits; expected {EXPECTED[use]}")
    raise ValueError(f"{said}: expected {EXPECTED[use]}")
