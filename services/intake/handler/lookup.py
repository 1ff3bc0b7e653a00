"""Finds what a client handed in: by id, receipt number, the client's own reference or its idempotency key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.intake.domain.admission import reference_hash
from services.intake.domain.idempotency import read_key
from services.intake.domain.outcome import ReceiptsIncomplete, Several
from services.intake.ports import Histories, Known
from shared.events import ids
from shared.events.receipt_number import read_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """``secret`` keys the hashes of references; while the store is not ``complete``, nothing is reported as unknown."""

    histories: Histories
    secret: bytes
    complete: Callable[[], bool]

    async def find(self, reference: str, *, client_id: str) -> Known | Several | ReceiptsIncomplete | None:
        """Find by the id of a submission or case, by receipt number, or by the client's own reference."""
        if known := await self._by_id(reference, client_id):
            return known
        if (number := read_number(reference)) and (
            known := await self.histories.by_number(number, client_id=client_id)
        ):
            return known
        found = await self._by_reference(reference, client_id)
        if len(found) > 1:
            return Several()
        return found[0] if found else self._unknown()

    async def by_reference(self, reference: str, *, client_id: str) -> Sequence[Known] | ReceiptsIncomplete:
        """Every accepted submission with the client's own reference, newest first."""
        return await self._by_reference(reference, client_id) or self._unknown() or ()

    async def by_key(self, header: str, *, client_id: str) -> Sequence[Known] | ReceiptsIncomplete:
        """The submission accepted under an idempotency key, which is written as in the header."""
        key = read_key(header)
        known = key and await self.histories.submission(
            ids.submission_id(client_id, key), client_id=client_id
        )
        return (known,) if known else self._unknown() or ()

    def _unknown(self) -> ReceiptsIncomplete | None:
        return None if self.complete() else ReceiptsIncomplete()

    async def _by_reference(self, reference: str, client_id: str) -> Sequence[Known]:
        hashed = reference_hash(reference, client_id=client_id, secret=self.secret)
        return await self.histories.by_reference(hashed, client_id=client_id)

    async def _by_id(self, text: str, client_id: str) -> Known | None:
        try:
            own_id = UUID(text)
        except ValueError:
            return None
        return await self.histories.submission(own_id, client_id=client_id) or await self.histories.case(
            own_id, client_id=client_id
        )
