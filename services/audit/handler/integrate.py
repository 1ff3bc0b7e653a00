"""Files from committed rows: the only way in which a tile or bundle comes to be."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from services.audit.domain.merkle import CompactRange, Subtree, grow, leaf_hash
from services.audit.domain.tiles import BUNDLE, WIDTH, TileName, changed, encode_bundle
from services.audit.ports import CommittedLog, Fork, TileStorage

_CHUNK = 64 * WIDTH
"""Entries read and written at a time; bounds the memory."""


async def derive(old: CompactRange, new: CompactRange, *, log: CommittedLog, shelf: TileStorage) -> None:
    """Write the files that the new tree has and the old one has not; what is there already is compared.

    Raises:
        Fork: the rows contradict the new tree, or a file is there with other bytes.
        Unavailable: a store cannot be reached; the same call may be made again.
    """
    names = frozenset(changed(old.size, new.size))
    reached = old
    while reached.size < new.size:
        end = min(new.size, reached.size - reached.size % _CHUNK + _CHUNK)
        reached = await _chunk(reached, end, names=names, log=log, shelf=shelf)
    if reached != new:
        raise Fork(f"the entries do not give the root that is stored for size {new.size}")


async def _chunk(
    frontier: CompactRange, size: int, *, names: AbstractSet[TileName], log: CommittedLog, shelf: TileStorage
) -> CompactRange:
    start = frontier.size - frontier.size % WIDTH
    entries = await log.entries(start, size)
    hashes = [leaf_hash(entry) for entry in entries]
    grown, completed = grow(frontier, hashes[frontier.size - start :])
    await _compare(completed, log)
    files: dict[TileName, bytes] = {}
    for name in names & frozenset(changed(frontier.size, size)):
        first = name.index * WIDTH
        if name.level == BUNDLE:
            files[name] = encode_bundle(entries[first - start : first - start + name.width])
        elif name.level == 0:
            files[name] = b"".join(hashes[first - start : first - start + name.width])
        else:
            files[name] = b"".join(await log.subtrees(name.level, first, first + name.width))
    await shelf.put(files)
    return grown


async def _compare(completed: Sequence[Subtree], log: CommittedLog) -> None:
    for level in sorted({subtree.level for subtree in completed}):
        expected = [subtree for subtree in completed if subtree.level == level]
        rows = await log.subtrees(level, expected[0].index, expected[-1].index + 1)
        if list(rows) != [subtree.hash for subtree in expected]:
            raise Fork(f"the rows of level {level} are not the hashes of the entries below them")
