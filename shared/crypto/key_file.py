"""A password-protected key file (RFC 7517 section 7): a private JWK or JWK Set as a JWE with PBES2, for a person to keep."""

import json
import secrets
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from shared.crypto.key_wrapping import Jwk, encode

ROUNDS: Final = 600_000
"""PBKDF2 rounds with SHA-512: about a quarter of a second in a browser."""

SHORTEST_PASSWORD: Final = 12
_ALG: Final = "PBES2-HS512+A256KW"


def protect(key: Jwk, *, password: str, rounds: int = ROUNDS) -> str:
    """Return the file's text (JWE compact serialisation).

    Own code over ``cryptography`` (RFC 7518 section 4.8), since JOSE libraries bound the rounds below what a password needs.

    Raises:
        ValueError: the password is too short.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise ValueError(
            f"the password has {len(password)} characters; expected at least {SHORTEST_PASSWORD}"
        )
    salt, content_key, iv = secrets.token_bytes(16), secrets.token_bytes(32), secrets.token_bytes(12)
    header: dict[str, Any] = {
        "alg": _ALG,
        "enc": "A256GCM",
        "cty": "jwk-set+json" if "keys" in key else "jwk+json",
        "p2s": encode(salt),
        "p2c": rounds,
    }
    protected = encode(json.dumps(header, separators=(",", ":")).encode())
    derived = PBKDF2HMAC(hashes.SHA512(), 32, _ALG.encode() + b"\0" + salt, rounds).derive(password.encode())
    sealed = AESGCM(content_key).encrypt(iv, json.dumps(dict(key)).encode(), protected.encode())
    parts = (
        encode(aes_key_wrap(derived, content_key)),
        encode(iv),
        encode(sealed[:-16]),
        encode(sealed[-16:]),
    )
    return ".".join((protected, *parts))
