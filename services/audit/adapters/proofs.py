"""Proofs from the published files alone: what they show, any holder of the files can show as well."""

import asyncio
from collections.abc import Sequence

from services.audit.adapters.tile_folder import TileFolder
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.merkle import (
    SubtreeHash,
    consistency_proof,
    inclusion_proof,
)
from services.audit.domain.note import Note
from services.audit.domain.proof import LogProof
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.tiles import TileName, subtree_from_tiles
from shared.errors import Unavailable


class Proofs:
    """Reads one log's folder."""

    def __init__(self, folder: TileFolder) -> None:
        self._folder = folder

    async def checkpoint(self) -> tuple[Checkpoint, bytes]:
        """The published checkpoint, read and as it is.

        Raises:
            Unavailable: nothing has been published yet.
        """
        note = await self._folder.read("checkpoint")
        if note is None:
            raise Unavailable("the log has not published a checkpoint yet")
        return Checkpoint.from_text(Note.from_bytes(note).text), note

    async def inclusion(self, index: int) -> LogProof:
        """The proof that this entry is in the tree of the published checkpoint.

        Raises:
            ProofRefused: the published tree is not that large.
            Unavailable: nothing has been published yet.
        """
        checkpoint, note = await self.checkpoint()
        hashes = await asyncio.to_thread(
            lambda: inclusion_proof(index, checkpoint.size, self._subtree(checkpoint.size))
        )
        return LogProof(index, hashes, note)

    async def inclusions(self, indexes: Sequence[int], size: int) -> tuple[tuple[bytes, ...], ...]:
        """The proofs that these entries are in the tree of this size, which has been published."""
        subtree = self._subtree(size)
        return await asyncio.to_thread(lambda: tuple(inclusion_proof(i, size, subtree) for i in indexes))

    async def consistency(self, old: int, size: int) -> tuple[bytes, ...]:
        """The proof that the tree of this size extends the older one.

        Raises:
            ProofRefused: the published tree is not that large, or the older one is larger.
            Unavailable: nothing has been published yet.
        """
        checkpoint, _ = await self.checkpoint()
        if size > checkpoint.size:
            raise ProofRefused(f"the published tree has {checkpoint.size} entries, not {size}")
        return await asyncio.to_thread(lambda: consistency_proof(old, size, self._subtree(checkpoint.size)))

    async def between(self, old: int, size: int) -> tuple[bytes, ...]:
        """Like `consistency`, towards a tree whose files are there though its checkpoint is not yet."""
        return await asyncio.to_thread(lambda: consistency_proof(old, size, self._subtree(size)))

    def _subtree(self, size: int) -> SubtreeHash:
        tiles: dict[TileName, bytes] = {}

        def read(name: TileName) -> bytes:
            if name not in tiles:
                data = self._folder.read_now(name.path)
                if data is None:
                    # The part may just have been replaced by the full tile.
                    data = self._folder.read_now(TileName(name.level, name.index).path)
                if data is None:
                    raise Unavailable(f"tile folder: {name.path} is missing")
                tiles[name] = data
            return tiles[name]

        return subtree_from_tiles(read, size)
