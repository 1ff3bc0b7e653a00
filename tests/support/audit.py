"""A log in memory, parts that fail on demand, and facts to append."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self
from uuid import UUID, uuid5

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.keys import SignatureType, SigningKey
from services.audit.domain.merkle import CompactRange, SubtreeHash, complete_subtrees, grow, leaf_hash
from services.audit.domain.pending_entry import PendingEntry
from services.audit.domain.pseudonyms import Pseudonymizer
from services.audit.domain.tiles import WIDTH, TileName, published, subtree_from_tiles
from services.audit.ports import BusPartition, Fork
from shared.events.envelope import Event
from shared.events.submission import SubmissionRouted
from tests.support.events import GIESSEN, RECEIPT, RECEIVED_AT, ROUTED

ORIGIN = "audit.example/log1"
LOG_KEY = SigningKey(ORIGIN, SignatureType.ED25519, bytes(range(32)))
LOG_KEY_PQ = SigningKey(ORIGIN, SignatureType.ML_DSA_44, bytes(range(32)))
SECRECY = Pseudonymizer(b"s" * 32)
KNOWN_EVENTS = SECRECY.wrap(b"e" * 32, nonce=b"n" * 12)
"""What names events over all logs, as the first log keeps it."""

_NAMESPACE = UUID("1dfd3c38-6b5f-4a3e-8d5a-8f2d3c3b2a10")
NOW = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)


def fact(number: int, *, case: str | None = None) -> PendingEntry:
    """The fact of this number; the same number is the same event."""
    return PendingEntry(
        id=UUID(int=number),
        type="de.amtsweg.SubmissionRouted.v1",
        time="2026-01-12T09:30:00.000Z",
        source="urn:amtsweg:tests",
        payload=b'{"number":%d}' % number,
        case=case or f"{number % 50 + 1:032x}",
        authority="g-06531005",
        service="99050012104000",
    )


def routed(number: int) -> Event[SubmissionRouted]:
    """The routed event of this number; each case has five."""
    case = uuid5(_NAMESPACE, f"case/{number // 5}")
    return Event(
        id=uuid5(_NAMESPACE, str(number)),
        source="urn:amtsweg:router",
        time=RECEIVED_AT + timedelta(milliseconds=number),
        case_id=case,
        submission_id=case,
        data=SubmissionRouted(receipt=RECEIPT, authority=GIESSEN, decision=ROUTED),
    )


def entry(number: int) -> bytes:
    """A short entry for tests that need many."""
    return b'{"v":1,"n":%d}' % number


class MemoryLog:
    """Committed rows and the publication record; `extend` is what the sequencer does."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.tree = CompactRange()
        self.announced: list[tuple[Checkpoint, bytes]] = []
        self._subtrees: dict[tuple[int, int], bytes] = {}
        self._intended = Checkpoint(ORIGIN, 0, CompactRange().root())

    def extend(self, entries: Sequence[bytes]) -> None:
        self.leaves.extend(entries)
        self.tree, completed = grow(self.tree, map(leaf_hash, entries))
        self._subtrees |= {(s.level, s.index): s.hash for s in completed}

    async def positions(self) -> Mapping[BusPartition, int]:
        return {}

    async def frontier(self) -> CompactRange:
        return self.tree

    async def frontier_at(self, size: int) -> CompactRange:
        return grow(CompactRange(), map(leaf_hash, self.leaves[:size]))[0]

    async def entries(self, start: int, end: int) -> Sequence[bytes]:
        if end > len(self.leaves):
            raise Fork(f"of {end - start} rows there are only {len(self.leaves) - start}")
        return self.leaves[start:end]

    async def subtrees(self, level: int, start: int, end: int) -> Sequence[bytes]:
        try:
            return [self._subtrees[level, index] for index in range(start, end)]
        except KeyError:
            raise Fork(f"subtrees from {start} to {end} at level {level} are not all there") from None

    async def intend(self, checkpoint: Checkpoint) -> None:
        before = self._intended
        if before.size > checkpoint.size or (before.size == checkpoint.size and before != checkpoint):
            raise Fork("another tree was signed before")
        self._intended = checkpoint

    async def published(self, checkpoint: Checkpoint, note: bytes, at: datetime) -> None:
        self.announced.append((checkpoint, note))


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


class DyingAtFiles:
    """The process dies before the nth time that it creates or renames a file below a folder."""

    def __init__(self, folder: Path, fatal: int) -> None:
        self.calls = 0
        self._folder = str(folder)
        self._fatal = fatal

    def __enter__(self) -> Self:
        _install_audit_hook()
        _DYING.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        _DYING.remove(self)

    def notice(self, event: str, arguments: tuple[Any, ...]) -> None:
        creates = event == "open" and arguments[2] & os.O_CREAT
        if (creates or event == "os.rename") and str(arguments[0]).startswith(self._folder):
            self.calls += 1
            if self.calls == self._fatal:
                raise Crash


_DYING: list[DyingAtFiles] = []


@cache
def _install_audit_hook() -> None:
    """CPython tells a hook before it touches a file; a hook cannot be removed again."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        for dying in _DYING:
            dying.notice(event, arguments)

    sys.addaudithook(hook)


def frontier_at(size: int, subtree: SubtreeHash) -> CompactRange:
    """The frontier that a tree had at this size, from its complete subtrees."""
    return CompactRange(size, tuple(subtree(height, index) for height, index in complete_subtrees(0, size)))


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
                assert tile(name)[slot * 32 : slot * 32 + 32] == grow(CompactRange(), hashes)[0].root()


def _entries(bundle: bytes) -> list[bytes]:
    entries = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        entries.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    return entries
