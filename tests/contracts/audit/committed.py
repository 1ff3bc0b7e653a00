"""What every store of committed rows and of publications does, the fake and PostgreSQL."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import pytest

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.merkle import CompactRange, grow, leaf_hash, root
from services.audit.ports import CommittedLog, Fork, Publications
from tests.support.audit import NOW, ORIGIN

_PER_SUBTREE = 256


class Store(ABC):
    """An empty log, which a test can add to."""

    log: CommittedLog
    publications: Publications

    @abstractmethod
    async def append(self, count: int) -> None:
        """Add so many entries, in one transaction."""

    @abstractmethod
    async def announced(self) -> Sequence[int]:
        """The sizes that were announced, in order."""


def tree(entries: Sequence[bytes]) -> CompactRange:
    return grow(CompactRange(), map(leaf_hash, entries))[0]


class CommittedContract:
    @pytest.fixture
    def store(self) -> Store:
        raise NotImplementedError

    async def test_an_empty_log_has_the_empty_tree(self, store: Store) -> None:
        assert await store.log.frontier() == CompactRange()
        assert list(await store.log.entries(0, 0)) == []

    async def test_the_tree_is_that_of_the_entries_however_they_came(self, store: Store) -> None:
        for count in (1, 254, 1, 1, 300):
            await store.append(count)
        entries = await store.log.entries(0, 557)
        assert len(set(entries)) == 557
        assert await store.log.frontier() == tree(entries)

    async def test_a_range_of_entries_is_part_of_the_whole(self, store: Store) -> None:
        await store.append(20)
        assert list(await store.log.entries(5, 9)) == list(await store.log.entries(0, 20))[5:9]

    async def test_every_earlier_tree_is_found_again(self, store: Store) -> None:
        await store.append(600)
        entries = await store.log.entries(0, 600)
        for size in (0, 1, 255, 256, 257, 512, 600):
            assert await store.log.frontier_at(size) == tree(entries[:size])

    async def test_the_hashes_of_full_tiles_are_kept(self, store: Store) -> None:
        await store.append(600)
        hashes = [leaf_hash(entry) for entry in await store.log.entries(0, 600)]
        expected = [root(hashes[i : i + _PER_SUBTREE]) for i in (0, _PER_SUBTREE)]
        assert list(await store.log.subtrees(1, 0, 2)) == expected

    async def test_rows_that_are_not_there_are_a_fork_and_no_short_answer(self, store: Store) -> None:
        await store.append(10)
        with pytest.raises(Fork):
            await store.log.entries(5, 11)
        with pytest.raises(Fork):
            await store.log.subtrees(1, 0, 1)

    async def test_the_same_tree_may_be_intended_again_and_a_larger_one_after_it(self, store: Store) -> None:
        for size, root_ in ((5, b"a"), (5, b"a"), (6, b"b")):
            await store.publications.intend(Checkpoint(ORIGIN, size, root_ * 32))
        with pytest.raises(Fork):
            await store.publications.intend(Checkpoint(ORIGIN, 5, b"a" * 32))

    async def test_no_size_is_intended_with_two_roots(self, store: Store) -> None:
        await store.publications.intend(Checkpoint(ORIGIN, 5, b"a" * 32))
        with pytest.raises(Fork):
            await store.publications.intend(Checkpoint(ORIGIN, 5, b"b" * 32))
        await store.publications.intend(Checkpoint(ORIGIN, 5, b"a" * 32))

    async def test_each_publication_is_announced(self, store: Store) -> None:
        for size in (3, 4):
            await store.publications.published(Checkpoint(ORIGIN, size, b"a" * 32), b"note", NOW)
        assert list(await store.announced()) == [3, 4]
