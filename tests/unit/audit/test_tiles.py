"""Names, widths and bundles as C2SP tlog-tiles gives them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.domain.merkle import CompactRange, grow, leaf_hash, root
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.tiles import (
    BUNDLE,
    WIDTH,
    TileName,
    at_size,
    changed,
    decode_bundle,
    encode_bundle,
    parse_path,
    published,
    subtree_from_tiles,
)
from tests.support.audit import frontier_at

pytestmark = pytest.mark.slow

NAMES = st.builds(TileName, st.integers(-1, 63), st.integers(0, 10**12), st.integers(1, WIDTH))


def test_the_paths_are_those_of_the_specification() -> None:
    assert TileName(0, 1_234_067).path == "tile/0/x001/x234/067"
    assert TileName(BUNDLE, 0, 7).path == "tile/entries/000.p/7"


def test_a_log_of_70000_has_the_tiles_of_the_specification() -> None:
    names = [n.path for n in published(70_000)]
    assert names[272:274] == ["tile/entries/272", "tile/entries/273.p/112"]
    assert names[546:548] == ["tile/0/272", "tile/0/273.p/112"]
    assert names[548:] == ["tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]


def test_a_log_of_256_has_no_partial_tile_at_level_0() -> None:
    assert [n.path for n in published(256)] == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]


def test_the_empty_log_has_no_files() -> None:
    assert list(published(0)) == []


@given(NAMES)
def test_a_name_is_what_its_path_says(name: TileName) -> None:
    assert parse_path(name.path) == name


@pytest.mark.parametrize(
    "path",
    [
        "checkpoint",
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/0/x000/067",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/07",
        "tile/0/000.p",
        "tile/0/x001",
        "tile/data/000",
        "tile/0/../000",
        "tile/0/000/",
        "tile/0/٠٠٠",
    ],
)
def test_any_other_spelling_is_refused(path: str) -> None:
    with pytest.raises(ProofRefused):
        parse_path(path)


@given(st.integers(0, 200_000), st.integers(0, 200_000))
def test_what_has_changed_and_what_was_there_make_up_what_is_published(one: int, other: int) -> None:
    old, size = sorted((one, other))
    before, after = set(published(old)), set(published(size))
    assert set(changed(old, size)) == after - before


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=WIDTH))
def test_a_bundle_holds_its_entries(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries), len(entries)) == entries


def test_the_largest_entry_fits_a_bundle() -> None:
    entry = b"x" * 65_535
    assert decode_bundle(encode_bundle([entry]), 1) == [entry]


def test_a_larger_entry_is_refused() -> None:
    with pytest.raises(ProofRefused, match="65536 bytes"):
        encode_bundle([b"x" * 65_536])


@pytest.mark.parametrize("data", [b"\0", b"\0\5abcd", b"\0\1a\0", b""])
def test_a_bundle_that_ends_early_is_refused(data: bytes) -> None:
    with pytest.raises(ProofRefused):
        decode_bundle(data, 1)


def tree_files(size: int) -> dict[TileName, bytes]:
    hashes = [leaf_hash(str(i).encode()) for i in range(size)]
    levels = [hashes]
    while len(levels[-1]) >= WIDTH:
        row = levels[-1]
        levels.append([root(row[i : i + WIDTH]) for i in range(0, len(row) - WIDTH + 1, WIDTH)])
    return {
        name: b"".join(levels[name.level][name.index * WIDTH : name.index * WIDTH + name.width])
        for name in published(size)
        if not name.is_bundle
    }


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000])
def test_the_tree_is_found_again_from_its_tiles(size: int) -> None:
    files = tree_files(size)
    expected = grow(CompactRange(), (leaf_hash(str(i).encode()) for i in range(size)))[0]
    assert frontier_at(size, subtree_from_tiles(files.__getitem__, size)) == expected


def test_a_tile_outside_the_tree_has_no_name() -> None:
    with pytest.raises(ProofRefused, match="no tile 1 at level 0"):
        at_size(0, 1, 256)
