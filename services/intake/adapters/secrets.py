"""Client secrets, kept as Argon2id (RFC 9106) with the parameters of the OWASP password storage guide."""

import asyncio
import secrets
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
CHECKS: Final = 2
"""How many secrets are compared, however many there are: two can be valid while one takes over from the other."""

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


class Argon2Secrets:
    """Implements `services.intake.ports.Secrets`; one check at a time, so that guessing cannot take the machine."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._nobodys = hashed(secrets.token_urlsafe())

    async def fitting(self, secret: str, *, among: Sequence[str]) -> str | None:
        looked_at = [*among, *[self._nobodys] * CHECKS][:CHECKS]
        async with self._turn:
            for phc in looked_at:
                if await asyncio.to_thread(_fits, secret.encode(), phc):
                    return phc if phc in among else None
        return None


def _fits(secret: bytes, phc: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(secret, phc)
    except InvalidKey:
        return False
    return True
