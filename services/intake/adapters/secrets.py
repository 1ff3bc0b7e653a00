"""Client secrets compared: one after the other, and however many there are, it takes the same time."""

import asyncio
import secrets
from collections.abc import Sequence
from typing import Final

from shared.access.secrets import fits, hashed

CHECKS: Final = 2
"""How many secrets are compared, however many there are: two can be valid while one takes over from the other."""


class Argon2Secrets:
    """Implements `services.intake.ports.Secrets`; one check at a time, so that guessing cannot take the machine."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._nobodys = hashed(secrets.token_urlsafe())

    async def fitting(self, secret: str, *, among: Sequence[str]) -> str | None:
        looked_at = [*among, *[self._nobodys] * CHECKS][:CHECKS]
        async with self._turn:
            for phc in looked_at:
                if await asyncio.to_thread(fits, secret, phc):
                    return phc if phc in among else None
        return None
