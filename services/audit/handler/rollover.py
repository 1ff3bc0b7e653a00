"""The next log is opened: its first leaf names the old log's last checkpoint, and open cases are carried over."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson

from services.audit.domain.access_log import fact_of
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.completeness import CaseEvent
from services.audit.domain.encoding import to_base64
from services.audit.domain.leaf import Leaf
from services.audit.domain.pending_entry import effects_of
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.pseudonyms import NONCE_BYTES, Pseudonymizer
from services.audit.domain.reading import Found
from services.audit.domain.shard import Carried, Former, OpenCase, ShardOpened
from services.audit.handler.sequence import Sequencer
from services.audit.ports import Clock, Ledgers, OpenCases

_ID_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSuccession:
    """From a closed log, with its secret, to the next one, with another."""

    old: Pseudonymizer
    new: Pseudonymizer
    origin: str
    sequencer: Sequencer
    ledgers: Ledgers
    cases: OpenCases
    clock: Clock
    random_bytes: Callable[[int], bytes]

    async def open(self, last: Checkpoint, note: bytes) -> int:
        """Write the first leaf of the new log; return how many open cases were carried over.

        After a crash the same call goes on where it ended: the leaf is written once, and so is each case.

        Raises:
            ProofRefused: the new log has begun otherwise.
        """
        said = ShardOpened(
            previous=last.origin, size=last.size, root=to_base64(last.root), checkpoint=note.decode()
        )
        id_ = uuid5(NAMESPACE_URL, f"{self.origin}/opened")
        fact = fact_of(said, id=id_, at=self.clock(), secrecy=self.new)
        async with self.ledgers.transaction() as ledger:
            locked = await ledger.lock(())
            if locked.frontier.size and not await ledger.placed([self.new.event(id_)]):
                raise ProofRefused(f"log {self.origin} has entries already; nothing was changed")
            await self.sequencer.append([fact], ledger)
        carried = 0
        async for portion in self.cases.open():
            cases = [case for case in map(self.carried, portion) if case is not None]
            await self.cases.carry(cases)
            carried += len(cases)
        return carried

    def carried(self, case: OpenCase) -> Carried | None:
        """The case in the next log; erased ones have no name there."""
        told = [*self._entries(case.entries), *self._former(case.former)]
        names = {case_id for case_id, _ in told}
        if not names:
            return None
        return Carried(case.pseudonym, self.new.case(names.pop()), [event for _, event in told])

    def _entries(self, entries: Sequence[Found]) -> Iterator[tuple[UUID, tuple[CaseEvent, bytes]]]:
        for found in entries:
            if found.sealed is not None and found.key is not None:
                leaf = Leaf.from_bytes(found.entry)
                event = orjson.loads(self.old.open(found.sealed, key=found.key, leaf_id=leaf.id).payload)
                time = datetime.fromisoformat(leaf.time)
                yield self._told(UUID(event["id"]), UUID(event["caseid"]), found.index, leaf.type, time)

    def _former(self, former: Sequence[Former]) -> Iterator[tuple[UUID, tuple[CaseEvent, bytes]]]:
        for each in former:
            if each.event is not None:
                ids = self.old.unwrap(each.event)
                event_id, case_id = UUID(bytes=ids[:_ID_BYTES]), UUID(bytes=ids[_ID_BYTES:])
                yield self._told(event_id, case_id, each.index, each.type, each.time)

    def _told(
        self, event_id: UUID, case_id: UUID, index: int, kind: str, time: datetime
    ) -> tuple[UUID, tuple[CaseEvent, bytes]]:
        effects = frozenset(effects_of(event_id, kind, self.new))
        happened = CaseEvent(index, self.new.event(event_id), kind, time, effects)
        wrapped = self.new.wrap(event_id.bytes + case_id.bytes, nonce=self.random_bytes(NONCE_BYTES))
        return case_id, (happened, wrapped)
