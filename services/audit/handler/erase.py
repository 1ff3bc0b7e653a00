"""The payloads of a case are destroyed, and that they were is on record. The leaves stay, and so do all proofs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.audit.domain.evaluation import EvaluationApproved, EvaluationRequested
from services.audit.domain.looks import (
    Looked,
    LookRefused,
    LooksExpired,
    PayloadErased,
    fact_of,
)
from services.audit.domain.reference import CaseReference
from services.audit.domain.refused import Refused
from services.audit.domain.secrecy import Secrecy
from services.audit.handler.sequence import Sequencer
from services.audit.ports import Clock, Ledgers
from shared.events.envelope import event_type

LOOKS = (
    event_type(Looked),
    event_type(LookRefused),
    event_type(EvaluationRequested),
    event_type(EvaluationApproved),
)
"""What is said about those who looked."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done: how many payloads are gone, which leaf says so, when the last sealed copy expires."""

    entries: int
    index: int
    order: PayloadErased


class Eraser:
    """Erases in one transaction: key, salts, payloads, and the leaf that says so."""

    def __init__(
        self,
        sequencer: Sequencer,
        *,
        ledgers: Ledgers,
        secrecy: Secrecy,
        clock: Clock,
        new_id: Callable[[], UUID],
        sealed_for: timedelta,
    ) -> None:
        self._sequencer = sequencer
        self._ledgers = ledgers
        self._secrecy = secrecy
        self._clock = clock
        self._new_id = new_id
        self._sealed_for = sealed_for

    async def erase(self, reference: str, *, basis: str) -> Erased:
        """Erase what is kept about a case; ``basis`` is the legal one and stands in the record.

        Raises:
            Refused: the reference is malformed, or there is nothing about this case to erase.
        """
        now = self._clock()
        async with self._ledgers.transaction() as ledger:
            # The tree's lock keeps a sequencer from adding a payload under the old key meanwhile.
            await ledger.lock((), appending=False)
            case, entries = "", 0
            for case in CaseReference.of(reference, self._secrecy).pseudonyms:
                entries = await ledger.erase(case)
                if entries:
                    break
            if not entries:
                raise Refused("nothing about this case is kept: it is unknown, or was erased before")
            order = PayloadErased(
                basis=basis, entries=entries, last_sealed_copy_expires=now + self._sealed_for
            )
            fact = fact_of(order, id=self._new_id(), at=now, secrecy=self._secrecy, case=case)
            appended = await self._sequencer.append([fact], ledger)
        return Erased(entries, appended.entries[0].index, order)

    async def expire(self, before: datetime, *, basis: str) -> tuple[int, int]:
        """Destroy what looks before this instant said: who asked what, and why. The leaves stay.

        Return how many payloads there were, and the index of the leaf that says so.

        Raises:
            Refused: there is nothing to destroy.
        """
        now = self._clock()
        async with self._ledgers.transaction() as ledger:
            await ledger.lock((), appending=False)
            entries = await ledger.expire(LOOKS, before)
            if not entries:
                raise Refused("no look from before that day is kept")
            said = LooksExpired(basis=basis, entries=entries, before=before)
            fact = fact_of(said, id=self._new_id(), at=now, secrecy=self._secrecy)
            appended = await self._sequencer.append([fact], ledger)
        return entries, appended.entries[0].index
