"""A whole log checked against its checkpoint: every bundle, every tile, the root."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.leaf import Leaf
from services.audit.domain.merkle import CompactRange, Subtree, grow, leaf_hash
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.tiles import (
    BUNDLE,
    WIDTH,
    ReadTile,
    TileName,
    at_size,
    decode_bundle,
)


@dataclass(frozen=True, slots=True)
class InspectionProgress:
    """How many entries have been checked, and the bundle that was checked last: its bytes and its leaves."""

    entries: int
    bundle: Sequence[bytes]
    leaves: tuple[Leaf, ...]


def inspect_files(read: ReadTile, checkpoint: Checkpoint) -> Iterator[InspectionProgress]:
    """Recompute everything from the bundles; yields after each of them.

    Raises:
        ProofRefused: a file is not what the entries make it, an entry is no leaf, or an event occurs twice.
    """
    size, frontier = checkpoint.size, CompactRange()
    rows: dict[int, list[bytes]] = {}
    seen: set[str] = set()
    for index in range(-(-size // WIDTH)):
        name = at_size(BUNDLE, index, size)
        entries = decode_bundle(read(name), name.width)
        hashes = [leaf_hash(entry) for entry in entries]
        _compare(read, at_size(0, index, size), hashes)
        leaves = tuple(map(Leaf.from_bytes, entries))
        for leaf in leaves:
            if leaf.id in seen:
                raise ProofRefused(f"event {leaf.id} stands in the log twice")
            seen.add(leaf.id)
        frontier, completed = grow(frontier, hashes)
        for subtree in completed:
            _add(read, rows, subtree, size)
        yield InspectionProgress(frontier.size, entries, leaves)
    for level, row in rows.items():
        if row:
            _compare(read, at_size(level, (size >> (8 * level)) // WIDTH, size), row)
    if frontier.root() != checkpoint.root:
        raise ProofRefused(f"the entries do not give the root of the checkpoint at size {size}")


def _add(read: ReadTile, rows: dict[int, list[bytes]], subtree: Subtree, size: int) -> None:
    row = rows.setdefault(subtree.level, [])
    row.append(subtree.hash)
    if len(row) == WIDTH:
        _compare(read, at_size(subtree.level, subtree.index // WIDTH, size), row)
        row.clear()


def _compare(read: ReadTile, name: TileName, hashes: list[bytes]) -> None:
    if read(name) != b"".join(hashes):
        raise ProofRefused(f"{name.path}: not the hashes of what lies below it")
