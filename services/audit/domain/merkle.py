"""The Merkle tree of RFC 6962 section 2.1: hashes, proofs and their verification, without storage.

Sizes and indexes count leaves; hashes are 32 bytes. A *subtree* of height h and index i covers the leaves
from ``i * 2**h`` to ``(i + 1) * 2**h - 1``.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from services.audit.domain.proof_refused import ProofRefused

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

TILE_HEIGHT = 8
"""tlog-tiles keeps the hashes of every eighth height; `grow` reports the subtrees of these heights."""

SubtreeHash = Callable[[int, int], bytes]
"""Given height and index, the hash of that complete subtree."""


def leaf_hash(entry: bytes) -> bytes:
    """``SHA-256(00 || entry)``."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """``SHA-256(01 || left || right)``."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Subtree:
    """A complete subtree whose height is a multiple of `TILE_HEIGHT`: ``level`` is that multiple."""

    level: int
    index: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class CompactRange:
    """All that is needed to go on appending: the hashes of the complete subtrees, largest first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    @classmethod
    def from_bytes(cls, size: int, peaks: bytes) -> Self:
        """Read the concatenated hashes that belong to a tree of this size.

        Raises:
            ProofRefused: the number of hashes is not the one that the size asks for.
        """
        if size < 0 or len(peaks) != HASH_BYTES * size.bit_count():
            raise ProofRefused(
                f"frontier of size {size}: expected {max(size, 0).bit_count()} hashes of 32 bytes"
            )
        return cls(size, tuple(peaks[i : i + HASH_BYTES] for i in range(0, len(peaks), HASH_BYTES)))

    def to_bytes(self) -> bytes:
        """The concatenated hashes, largest subtree first."""
        return b"".join(self.peaks)

    def root(self) -> bytes:
        """The tree's root; of the empty tree ``SHA-256("")``."""
        return _fold(self.peaks)


def grow(frontier: CompactRange, leaf_hashes: Iterable[bytes]) -> tuple[CompactRange, tuple[Subtree, ...]]:
    """Append leaves; return the new frontier and the tile subtrees that became complete, in order."""
    size, peaks, completed = frontier.size, list(frontier.peaks), []
    for leaf in leaf_hashes:
        top, height, index = leaf, 0, size
        while index & 1:
            top = sha256(b"\x01" + peaks.pop() + top).digest()
            height, index = height + 1, index >> 1
            if height % TILE_HEIGHT == 0:
                completed.append(Subtree(height // TILE_HEIGHT, index, top))
        peaks.append(top)
        size += 1
    return CompactRange(size, tuple(peaks)), tuple(completed)


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes."""
    return grow(CompactRange(), hashes)[0].root()


def inclusion_proof(index: int, size: int, subtree: SubtreeHash) -> tuple[bytes, ...]:
    """The proof that leaf ``index`` is in the tree of this size (section 2.1.1), leaf to root.

    Raises:
        ProofRefused: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ProofRefused(f"no inclusion proof: index {index} is not in a tree of size {size}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_hash(middle, end, subtree))
            end = middle
        else:
            proof.append(_range_hash(start, middle, subtree))
            start = middle
    return tuple(reversed(proof))


def consistency_proof(old: int, size: int, subtree: SubtreeHash) -> tuple[bytes, ...]:
    """The proof that the tree of this size extends that of ``old`` leaves (section 2.1.2).

    Raises:
        ProofRefused: ``old`` is larger than the size, or negative.
    """
    if not 0 <= old <= size:
        raise ProofRefused(f"no consistency proof: from {old} to {size}")
    if old in {0, size}:
        return ()
    proof: list[bytes] = []
    start, end, whole = 0, size, True
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_hash(middle, end, subtree))
            end = middle
        else:
            proof.append(_range_hash(start, middle, subtree))
            start, whole = middle, False
    if not whole:
        proof.append(_range_hash(start, end, subtree))
    return tuple(reversed(proof))


def verify_inclusion(leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> None:
    """Check that the leaf hash stands at ``index`` under the root ``expected`` (RFC 9162 section 2.1.3.2).

    Nothing is included in the empty tree.

    Raises:
        ProofRefused: it is not proven.
    """
    _hashes_only((leaf, expected, *proof))
    if not 0 <= index < size:
        raise ProofRefused(f"inclusion: index {index} is not in a tree of size {size}")
    top = leaf
    for sibling, is_left in _climb(index, size - 1, proof, "inclusion"):
        top = node_hash(sibling, top) if is_left else node_hash(top, sibling)
    if top != expected:
        raise ProofRefused(f"inclusion: the proof of index {index} does not lead to the root of size {size}")


def verify_consistency(
    *, old: int, size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree of ``size`` leaves extends that of ``old`` (RFC 9162 section 2.1.4.2).

    Every tree extends the empty tree, whose root is ``SHA-256("")``; the proof is then empty, as it is for
    equal sizes.

    Raises:
        ProofRefused: it is not proven.
    """
    _hashes_only((old_root, new_root, *proof))
    if not 0 <= old <= size:
        raise ProofRefused(f"consistency: from {old} to {size} the tree would shrink")
    for claimed, root_ in ((old, old_root), (size, new_root)):
        if claimed == 0 and root_ != EMPTY_ROOT:
            raise ProofRefused("consistency: size 0 has the root SHA-256 of nothing")
    if old in {0, size}:
        if proof:
            raise ProofRefused("consistency: the proof must be empty")
        if old == size and old_root != new_root:
            raise ProofRefused(f"consistency: two different roots for size {size}")
        return
    _verify_growth(old, size, old_root, new_root, list(proof))


def _verify_growth(old: int, size: int, old_root: bytes, new_root: bytes, path: list[bytes]) -> None:
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise ProofRefused("consistency: the proof is too short")
    node, last = old - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    before = after = path[0]
    for sibling, is_left in _climb(node, last, path[1:], "consistency"):
        if is_left:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
        else:
            after = node_hash(after, sibling)
    if before != old_root:
        raise ProofRefused(f"consistency: the proof does not lead to the root of size {old}")
    if after != new_root:
        raise ProofRefused(f"consistency: the proof does not lead to the root of size {size}")


def _climb(node: int, last: int, proof: Sequence[bytes], what: str) -> Iterator[tuple[bytes, bool]]:
    """Each sibling on the way from a node to the root, and whether it stands on the left."""
    for sibling in proof:
        if last == 0:
            raise ProofRefused(f"{what}: the proof is too long")
        is_left = bool(node & 1) or node == last
        if is_left:
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        yield sibling, is_left
        node, last = node >> 1, last >> 1
    if last:
        raise ProofRefused(f"{what}: the proof is too short")


def _hashes_only(values: Iterable[bytes]) -> None:
    if any(len(value) != HASH_BYTES for value in values):
        raise ProofRefused("a hash is not 32 bytes long")


def _split(size: int) -> int:
    """The largest power of two smaller than the size."""
    return 1 << ((size - 1).bit_length() - 1)


def complete_subtrees(start: int, end: int) -> Iterable[tuple[int, int]]:
    """Height and index of the complete subtrees that make up a range, where ``start`` is aligned to it."""
    while start < end:
        height = (end - start).bit_length() - 1
        yield height, start >> height
        start += 1 << height


def _range_hash(start: int, end: int, subtree: SubtreeHash) -> bytes:
    return _fold([subtree(height, index) for height, index in complete_subtrees(start, end)])


def _fold(peaks: Sequence[bytes]) -> bytes:
    if not peaks:
        return EMPTY_ROOT
    top = peaks[-1]
    for peak in reversed(peaks[:-1]):
        top = node_hash(peak, top)
    return top
