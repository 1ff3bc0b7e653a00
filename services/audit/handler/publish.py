"""Committed rows become public files and a signed checkpoint, in an order that survives a crash anywhere.

1. Tiles and bundles are written and made durable; they say nothing until a checkpoint speaks of them.
2. The intent (size, root) is recorded in PostgreSQL and beside the files. From here on this size can have no
   other root, whatever is restored from which backup.
3. The checkpoint is signed and, where a policy asks for it, cosigned.
4. The file ``checkpoint`` is replaced.
5. The publication is recorded and announced.

A crash after any step leaves a state from which `start` and the next `publish` reach the same end.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.keys import SigningKey
from services.audit.domain.merkle import CompactRange
from services.audit.domain.note import Note, sign
from services.audit.domain.tiles import WIDTH, TileName, changed
from services.audit.handler.integrate import derive
from services.audit.ports import BusPartition, Clock, CommittedLog, Fork, Publications, TileStorage

Cosign = Callable[[Note, Checkpoint], Awaitable[Note]]
"""Adds the witnesses' cosignatures; raises `Unavailable` when the quorum is not reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPublisher:
    """Publishes one log. Only one may run for a log at a time; two would be harmless, and wasteful."""

    origin: str
    keys: Sequence[SigningKey]
    log: CommittedLog
    publications: Publications
    shelf: TileStorage
    clock: Clock
    cosign: Cosign

    async def start(self) -> CompactRange:
        """Return the tree of the last signed checkpoint, found again in the committed rows.

        Raises:
            Fork: the rows are behind what was signed (a restored backup), or contradict it; or evidence of an
                earlier contradiction has not been cleared away.
        """
        if kept := await self.shelf.evidence():
            raise Fork(
                f"a witness has contradicted us, see {kept}. Find out which tree is the true one; then move "
                "the evidence away and start again."
            )
        signed = await self.shelf.signed()
        if signed is None:
            return CompactRange()
        committed = await self.log.frontier()
        if signed.origin != self.origin:
            raise Fork(f"the tile folder belongs to {signed.origin}, not to {self.origin}")
        if committed.size < signed.size:
            raise Fork(
                f"the database has {committed.size} entries, but {signed.size} were signed: it was restored "
                "from an old backup. Restore a newer one, or close this log and open the next."
            )
        frontier = await self.log.frontier_at(signed.size)
        if frontier.root() != signed.root:
            raise Fork(f"the database gives another root for the size {signed.size} that was signed")
        return frontier

    async def publish(self, published: CompactRange) -> CompactRange:
        """Publish what has been committed since; return the tree that is published now.

        Raises:
            Fork: rows, files or signatures contradict each other.
            Unavailable: a store or the quorum is missing; nothing was published.
        """
        # In this order: what lies before the positions is in the tree, and maybe more.
        positions = await self.log.positions()
        committed = await self.log.frontier()
        if committed.size < published.size:
            raise Fork(f"the database shrank from {published.size} to {committed.size} entries")
        await derive(published, committed, log=self.log, shelf=self.shelf)
        await self._sign(Checkpoint(self.origin, committed.size, committed.root()), positions)
        await self.shelf.discard(_completed(published.size, committed.size))
        return committed

    async def _sign(self, checkpoint: Checkpoint, positions: Mapping[BusPartition, int]) -> None:
        now = self.clock()
        await self.publications.intend(checkpoint)
        await self.shelf.intend(checkpoint)
        note = sign(checkpoint.to_text(), self.keys, time=int(now.timestamp()))
        note = await self.cosign(note, checkpoint)
        await self.shelf.publish(note.to_bytes(), positions)
        await self.publications.published(checkpoint, note.to_bytes(), now)


def _completed(old: int, size: int) -> Sequence[TileName]:
    """The files that have become full; an attempt that failed may have left parts of any of them."""
    return [name for name in changed(old, size) if name.width == WIDTH]
