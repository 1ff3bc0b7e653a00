"""Once a day an authority outside stamps the checkpoint; whether it does never holds up publication."""

from collections.abc import Awaitable, Callable, Sequence

from cryptography.x509 import Certificate

from services.audit.domain.timestamp import Stamped, timestamp_request, verify_timestamp
from services.audit.ports import Clock, Stamps


class Stamper:
    """Asks for a time stamp over the published checkpoint, and keeps only one that verifies."""

    def __init__(
        self,
        *,
        ask: Callable[[bytes], Awaitable[bytes]],
        published: Callable[[], Awaitable[bytes | None]],
        stamps: Stamps,
        roots: Sequence[Certificate],
        clock: Clock,
    ) -> None:
        self._ask = ask
        self._published = published
        self._stamps = stamps
        self._roots = roots
        self._clock = clock

    async def stamp(self) -> bool:
        """Have today's checkpoint (UTC) stamped; False if it is already, or nothing has been published.

        Raises:
            OSError: the authority cannot be reached.
            ProofRefused: its answer is no time stamp over the checkpoint under the roots.
            Unavailable: the answer cannot be kept.
        """
        today = self._clock().date()
        note = await self._published()
        if note is None or await self._stamps.of(today) is not None:
            return False
        response = await self._ask(timestamp_request(note))
        verify_timestamp(response, note, roots=self._roots)
        # Killed before this: the authority is asked again, for a later checkpoint of the same day.
        await self._stamps.keep(today, Stamped(note, response))
        return True
