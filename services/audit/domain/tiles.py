"""Names and contents of the files of a log, as C2SP tlog-tiles lays them down."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from services.audit.domain.merkle import HASH_BYTES, TILE_HEIGHT, SubtreeHash, node_hash
from services.audit.domain.proof_refused import ProofRefused

WIDTH = 1 << TILE_HEIGHT
"""Hashes in a full tile, entries in a full bundle."""

MAX_ENTRY_BYTES = 0xFFFF
BUNDLE = -1
"""The level that stands for bundles of entries."""

_LENGTH_BYTES = 2
_ENTRIES = "entries"
_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9]|[1-5][0-9]|6[0-3])/"
    r"(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, order=True)
class TileName:
    """One file: a tile of hashes at ``level``, or with level -1 a bundle of entries. Width 256 is full."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def is_bundle(self) -> bool:
        """True for a bundle of entries."""
        return self.level == BUNDLE

    @property
    def path(self) -> str:
        """The path below the log's prefix, for example ``tile/0/x001/x234/067.p/8``."""
        level = _ENTRIES if self.is_bundle else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_elements(self.index)}{partial}"


ReadTile = Callable[[TileName], bytes]
"""Given a tile's name, its bytes."""


def parse_path(path: str) -> TileName:
    """Read a path as the specification writes it; every tile has exactly one.

    Raises:
        ProofRefused: the path is none, or is written in another way (a superfluous zero element, width 0 or 256).
    """
    match = _PATH.fullmatch(path)
    if match is None:
        raise ProofRefused("not the path of a tile or bundle")
    level = BUNDLE if match["level"] == _ENTRIES else int(match["level"])
    index = int(re.sub("[x/]", "", match["index"]))
    name = TileName(level, index, int(match["width"] or WIDTH))
    if name.path != path:
        raise ProofRefused("not the path of a tile or bundle")
    return name


def published(size: int) -> Iterator[TileName]:
    """All files that a checkpoint of this size relies on; full tiles once, no partial below a full one."""
    yield from changed(0, size)


def changed(old: int, size: int) -> Iterator[TileName]:
    """The files that a tree of ``size`` leaves has and one of ``old`` leaves has not, bundles first."""
    if size == old:
        return
    for level in (BUNDLE, *range(64)):
        shift = TILE_HEIGHT * max(level, 0)
        before, after = old >> shift, size >> shift
        if after == 0:
            return
        if before == after:
            continue
        full, width = divmod(after, WIDTH)
        for index in range(before // WIDTH, full):
            yield TileName(level, index)
        if width:
            yield TileName(level, full, width)


def subtree_from_tiles(read: ReadTile, size: int) -> SubtreeHash:
    """Return a function that computes any complete subtree's hash from the tiles of a tree of this size."""

    def subtree(height: int, index: int) -> bytes:
        level, rest = divmod(height, TILE_HEIGHT)
        first = index << rest
        tile, slot = divmod(first, WIDTH)
        hashes = read(at_size(level, tile, size))
        row = [hash_at(hashes, slot + i) for i in range(1 << rest)]
        while len(row) > 1:
            row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
        return row[0]

    return subtree


def at_size(level: int, index: int, size: int) -> TileName:
    """The name under which this tile stands in a tree of this size.

    Raises:
        ProofRefused: a tree of this size has no such tile.
    """
    full, width = divmod(size >> (TILE_HEIGHT * max(level, 0)), WIDTH)
    if index < full:
        return TileName(level, index)
    if index == full and width:
        return TileName(level, index, width)
    raise ProofRefused(f"a tree of size {size} has no tile {index} at level {level}")


def hash_at(tile: bytes, slot: int) -> bytes:
    """The hash in this slot of a tile's bytes."""
    value = tile[slot * HASH_BYTES : (slot + 1) * HASH_BYTES]
    if len(value) != HASH_BYTES:
        raise ProofRefused(f"the tile is too short for slot {slot}")
    return value


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries one after the other, each behind its length as two bytes, big-endian.

    Raises:
        ProofRefused: an entry is longer than 65535 bytes.
    """
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise ProofRefused(f"an entry of {len(entry)} bytes; the largest is {MAX_ENTRY_BYTES}")
        parts.extend((len(entry).to_bytes(_LENGTH_BYTES, "big"), entry))
    return b"".join(parts)


def decode_bundle(data: bytes, width: int) -> Sequence[bytes]:
    """The entries of a bundle of this width.

    Raises:
        ProofRefused: the bytes are not exactly so many entries.
    """
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(data[start - _LENGTH_BYTES : start], "big")
        if start > len(data) or at > len(data):
            raise ProofRefused("the bundle ends inside an entry")
        entries.append(data[start:at])
    if len(entries) != width:
        raise ProofRefused(f"the bundle holds {len(entries)} entries; its name says {width}")
    return entries


def _elements(index: int) -> str:
    last = f"{index % 1000:03d}"
    while index := index // 1000:
        last = f"x{index % 1000:03d}/{last}"
    return last
