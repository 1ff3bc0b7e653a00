"""The next log is opened: its first leaf names the old log's last checkpoint, and open cases are carried over."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.encoding import to_base64
from services.audit.domain.leaf import Leaf
from services.audit.domain.looks import fact_of
from services.audit.domain.refused import Refused
from services.audit.domain.secrecy import Secrecy
from services.audit.domain.shard import ShardOpened
from services.audit.handler.sequence import Sequencer
from services.audit.ports import Clock, Found, Ledgers, OpenCases


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """From a closed log, with its secret, to the next one, with another."""

    old: Secrecy
    new: Secrecy
    origin: str
    sequencer: Sequencer
    ledgers: Ledgers
    cases: OpenCases
    clock: Clock

    async def open(self, last: Checkpoint, note: bytes) -> int:
        """Write the first leaf of the new log; return how many open cases were carried over.

        After a crash the same call goes on where it ended: the leaf is written once, and so is each case.

        Raises:
            Refused: the new log has begun otherwise.
        """
        said = ShardOpened(
            previous=last.origin, size=last.size, root=to_base64(last.root), checkpoint=note.decode()
        )
        id_ = uuid5(NAMESPACE_URL, f"{self.origin}/opened")
        fact = fact_of(said, id=id_, at=self.clock(), secrecy=self.new)
        async with self.ledgers.transaction() as ledger:
            state = await ledger.lock({id_}, ())
            if state.frontier.size and id_ not in state.known:
                raise Refused(f"log {self.origin} has entries already; nothing was changed")
            await self.sequencer.append([fact], ledger)
        carried = 0
        async for portion in self.cases.open():
            pairs = list(self._renamed(portion))
            await self.cases.carry(pairs)
            carried += len(pairs)
        return carried

    def _renamed(self, portion: Sequence[tuple[str, Found]]) -> Sequence[tuple[str, str]]:
        """Each case's pseudonym in the old log and in the new one; erased cases have none."""
        return [
            (pseudonym, self.new.case(case))
            for pseudonym, found in portion
            if (case := self._case(found)) is not None
        ]

    def _case(self, found: Found) -> UUID | None:
        if found.sealed is None or found.key is None:
            return None
        event_id = Leaf.from_bytes(found.entry).id
        event = orjson.loads(self.old.open(found.sealed, key=found.key, event_id=event_id).payload)
        return UUID(event["caseid"]) if "caseid" in event else None
