"""Secrets of principals, kept as Argon2id (RFC 9106) with the parameters of the OWASP password storage guide."""

import secrets
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
_MEMORY_KIB: Final = 19 * 1024
_PASSES: Final = 2


def hashed(secret: str, *, passes: int = _PASSES, memory_kib: int = _MEMORY_KIB) -> str:
    """Return the PHC string of a secret, as it is kept in ``access.credentials``."""
    derivation = Argon2id(
        salt=secrets.token_bytes(_SALT_BYTES),
        length=_HASH_BYTES,
        iterations=passes,
        lanes=1,
        memory_cost=memory_kib,
    )
    return derivation.derive_phc_encoded(secret.encode())


def fits(secret: str, phc: str) -> bool:
    """Whether this is the secret that the PHC string was made of; takes the time that its parameters ask for."""
    try:
        Argon2id.verify_phc_encoded(secret.encode(), phc)
    except InvalidKey:
        return False
    return True
