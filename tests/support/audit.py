"""A log in memory, parts that fail on demand, and facts to append."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.audit.domain.append import Appended, State
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.fact import Fact
from services.audit.domain.keys import Kind, SigningKey
from services.audit.domain.merkle import Frontier, Subtree, frontier_at, grow, leaf_hash
from services.audit.domain.secrecy import Secrecy
from services.audit.domain.tiles import WIDTH, TileName, published, subtree_from_tiles
from services.audit.ports import Fork

ORIGIN = "audit.example/log1"
LOG_KEY = SigningKey(ORIGIN, Kind.ED25519, bytes(range(32)))
LOG_KEY_PQ = SigningKey(ORIGIN, Kind.ML_DSA_44, bytes(range(32)))
SECRECY = Secrecy(b"s" * 32)
NOW = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)


def fact(number: int, *, case: str | None = None) -> Fact:
    """The fact of this number; the same number is the same event."""
    return Fact(
        id=UUID(int=number),
        type="de.amtsweg.SubmissionRouted.v1",
        time="2026-01-12T09:30:00.000Z",
        source="urn:amtsweg:tests",
        payload=b'{"number":%d}' % number,
        case=case or f"{number % 50:032x}",
        authority="g-06531005",
        service="99050012104000",
        topic="submission.routed.v1",
        partition=number % 6,
        offset=number // 6,
    )


def entry(number: int) -> bytes:
    """A short entry for tests that need many."""
    return b'{"v":1,"n":%d}' % number


class MemoryLog:
    """Committed rows, the ledger that writes them, and the publication record."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.ids: set[UUID] = set()
        self.keys: dict[str, bytes] = {}
        self.subtrees_: dict[tuple[int, int], bytes] = {}
        self.tree = Frontier()
        self.intended = Checkpoint(ORIGIN, 0, Frontier().root())
        self.announced: list[tuple[Checkpoint, bytes]] = []

    def extend(self, entries: Sequence[bytes]) -> None:
        self.leaves.extend(entries)
        self._grow(*grow(self.tree, map(leaf_hash, entries)))

    async def lock(self, ids: Collection[UUID], owners: Collection[str]) -> State:
        known = frozenset(self.ids.intersection(ids))
        return State(self.tree, known, {o: self.keys[o] for o in owners if o in self.keys})

    async def store(self, appended: Appended) -> None:
        self.leaves.extend(e.entry for e in appended.entries)
        self.ids.update(e.leaf.id for e in appended.entries)
        self.keys.update(appended.new_keys)
        self._grow(appended.frontier, appended.subtrees)

    async def erase(self, owner: str) -> int:
        return int(self.keys.pop(owner, None) is not None)

    async def frontier(self) -> Frontier:
        return self.tree

    async def frontier_at(self, size: int) -> Frontier:
        return grow(Frontier(), map(leaf_hash, self.leaves[:size]))[0]

    async def entries(self, start: int, end: int) -> Sequence[bytes]:
        return self.leaves[start:end]

    async def subtrees(self, level: int, start: int, end: int) -> Sequence[bytes]:
        return [self.subtrees_[level, index] for index in range(start, end)]

    async def intend(self, checkpoint: Checkpoint) -> None:
        before = self.intended
        if before.size > checkpoint.size or (before.size == checkpoint.size and before != checkpoint):
            raise Fork("another tree was signed before")
        self.intended = checkpoint

    async def published(self, checkpoint: Checkpoint, note: bytes, at: datetime) -> None:
        self.announced.append((checkpoint, note))

    def _grow(self, frontier: Frontier, completed: Sequence[Subtree]) -> None:
        self.tree = frontier
        self.subtrees_ |= {(s.level, s.index): s.hash for s in completed}


class Crash(BaseException):
    """The process dies here; no code of the service may catch it."""


class Crashing:
    """A part whose calls are counted over all parts that share a counter; one call is fatal."""

    def __init__(self, part: object, counter: "Countdown") -> None:
        self._part = part
        self._counter = counter

    def __getattr__(self, name: str) -> Callable[..., Any]:
        work = getattr(self._part, name)

        async def call(*arguments: object) -> object:
            self._counter.before()
            result = await work(*arguments)
            self._counter.after()
            return result

        return call


class Countdown:
    """Dies at the nth call: before it was done, or after it was done and before the caller knows."""

    def __init__(self, fatal: int, *, done: bool) -> None:
        self.calls = 0
        self._fatal = fatal
        self._done = done

    def before(self) -> None:
        self.calls += 1
        if self.calls == self._fatal and not self._done:
            raise Crash

    def after(self) -> None:
        if self.calls == self._fatal and self._done:
            raise Crash


def check_files(read: Callable[[str], bytes | None], checkpoint: Checkpoint) -> None:
    """Compute the root from the tiles, and every tile from the bundles; compare both with the checkpoint."""

    def tile(name: TileName) -> bytes:
        data = read(name.path)
        assert data is not None, f"{name.path} is missing"
        return data

    tree = frontier_at(checkpoint.size, subtree_from_tiles(tile, checkpoint.size))
    assert tree.root() == checkpoint.root
    for name in published(checkpoint.size):
        if not name.is_bundle:
            assert len(tile(name)) == name.width * 32
    for name in published(checkpoint.size):
        if name.level == 0:
            bundle = _entries(tile(TileName(-1, name.index, name.width)))
            assert b"".join(map(leaf_hash, bundle)) == tile(name)
        if name.level > 0:
            for slot in range(name.width):
                below = tile(TileName(name.level - 1, name.index * WIDTH + slot))
                hashes = [below[i : i + 32] for i in range(0, len(below), 32)]
                assert tile(name)[slot * 32 : slot * 32 + 32] == grow(Frontier(), hashes)[0].root()


def _entries(bundle: bytes) -> list[bytes]:
    entries = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        entries.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    return entries
