"""The payloads of a case are destroyed, and that they were is on record. The leaves stay, and so do all proofs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.audit.domain.access_log import (
    Looked,
    LookRefused,
    LooksExpired,
    PayloadErased,
    fact_of,
)
from services.audit.domain.erasure import Ordered, remaining
from services.audit.domain.evaluation import EvaluationApproved, EvaluationRequested
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.pseudonyms import Pseudonymizer
from services.audit.domain.reference import CaseReference
from services.audit.handler.sequence import Sequencer
from services.audit.ports import Clock, Ledger, Ledgers
from shared.events.envelope import event_type
from shared.events.erasure import CaseErased, Holder
from shared.events.ids import child_id
from shared.events.payload import Payload

LOOKS = (
    event_type(Looked),
    event_type(LookRefused),
    event_type(EvaluationRequested),
    event_type(EvaluationApproved),
)
"""What is said about those who looked."""

_NAMESPACE = UUID("5c0f3a52-8d1b-4b0e-9c11-3f0a8f6f2a77")
"""Of what was done to a closed log; its secret makes the id its own."""

NOTHING_KEPT: Final = "nothing about this case is kept: it is unknown, or was erased before"
NO_LOOKS_KEPT: Final = "no look from before that day is kept"


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done: how many payloads are gone, which leaf says so, when the last copy expires.

    ``index`` is None where the next log has said so before: an attempt died before its erasure was committed.
    """

    case: str
    entries: int
    index: int | None
    order: PayloadErased


class Eraser:
    """Erases in one transaction: key, salts, payloads, and the leaf that says so.

    ``recorded_in`` is the next log's where the one that is erased from is closed: closing forbids appending, not erasing.
    """

    def __init__(
        self,
        sequencer: Sequencer,
        *,
        ledgers: Ledgers,
        secrecy: Pseudonymizer,
        clock: Clock,
        new_id: Callable[[], UUID],
        dumps_kept: timedelta,
        recorded_in: Ledgers | None = None,
        successor: Pseudonymizer | None = None,
    ) -> None:
        """Take the parts; ``sequencer`` appends to the log that records."""
        self._sequencer = sequencer
        self._ledgers = ledgers
        self._recorded_in = recorded_in
        self._secrecy = secrecy
        self._successor = successor
        self._clock = clock
        self._new_id = new_id
        self._dumps_kept = dumps_kept

    async def erase(self, reference: str, *, basis: str) -> Erased:
        """Erase what this log keeps about a case; ``basis`` is the legal one and stands in the record.

        Raises:
            ProofRefused: the reference is malformed, or there is nothing about this case to erase.
        """
        for case in CaseReference.of(reference, self._secrecy).pseudonyms:
            done = await self._erase(case, basis=basis, reports={})
            if done is not None:
                return done
        raise ProofRefused(NOTHING_KEPT)

    async def carry_out(self, ordered: Ordered) -> Erased | None:
        """Erase last, when all others have reported; None if that was done before."""
        return await self._erase(ordered.case, basis=ordered.order.basis, reports=ordered.reports)

    async def _erase(self, case: str, *, basis: str, reports: Mapping[Holder, CaseErased]) -> Erased | None:
        now = self._clock()
        async with self._ledgers.transaction() as ledger:
            # The tree's lock keeps a sequencer from adding a payload under the old key meanwhile.
            locked = await ledger.lock((case,), appending=False)
            entries = 0 if case in locked.erased else await ledger.erase(case)
            if not entries:
                return None
            copies = remaining(tuple(reports.values()), now=now, dumps_kept=self._dumps_kept)
            said = PayloadErased(
                basis=basis,
                entries=entries,
                reported=tuple(sorted(reports)),
                remaining=copies,
                last_copy_expires=max(copy.until for copy in copies),
            )
            index = await self._record(said, now, ledger, what=f"erased {case}", case=case)
        return Erased(case, entries, index, said)

    async def _record(
        self, said: Payload, at: datetime, ledger: Ledger, *, what: str, case: str | None = None
    ) -> int | None:
        if self._recorded_in is None:
            fact = fact_of(said, id=self._new_id(), at=at, secrecy=self._secrecy, case=case)
            return (await self._sequencer.append([fact], ledger)).entries[0].index
        # The next log commits first. A crash before the erasure is committed repeats both, and the id makes one leaf of it.
        id_ = UUID(hex=self._secrecy.event(child_id(_NAMESPACE, what)))
        # In the next log the case has another pseudonym, which only its id would tell: the record names none.
        fact = fact_of(said, id=id_, at=at, secrecy=self._successor or self._secrecy, case=None)
        async with self._recorded_in.transaction() as other:
            appended = await self._sequencer.append([fact], other)
        return appended.entries[0].index if appended.entries else None

    async def expire(self, before: datetime, *, basis: str) -> tuple[int, int | None]:
        """Destroy what looks before this instant said: who asked what, and why. The leaves stay.

        Return how many payloads there were, and the index of the leaf that says so, as in `Erased`.

        Raises:
            ProofRefused: there is nothing to destroy.
        """
        now = self._clock()
        async with self._ledgers.transaction() as ledger:
            await ledger.lock((), appending=False)
            entries = await ledger.expire(LOOKS, before)
            if not entries:
                raise ProofRefused(NO_LOOKS_KEPT)
            said = LooksExpired(basis=basis, entries=entries, before=before)
            index = await self._record(said, now, ledger, what=f"looks before {before.isoformat()}")
        return entries, index
