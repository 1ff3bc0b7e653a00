"""What every place for a log's public files does: written once, replaced whole, absent or complete."""

import pytest

from services.audit.ports import Fork, PublicFiles

TILE = "tile/0/x001/234"
CHECKPOINT = "checkpoint"


class PublicFilesContract:
    """``files``: an empty place. ``again``: the same place, as another process sees it."""

    @pytest.fixture
    def files(self) -> PublicFiles:
        raise NotImplementedError

    @pytest.fixture
    def again(self, files: PublicFiles) -> PublicFiles:
        raise NotImplementedError

    async def test_what_was_added_is_read_by_everybody(self, files: PublicFiles, again: PublicFiles) -> None:
        added = {f"tile/0/{number:03}": bytes([number]) * 8192 for number in range(40)} | {TILE: b""}
        await files.add(added)
        assert {path: await again.read(path) for path in added} == added
        assert again.read_now(TILE) == await files.read(TILE) == b""

    async def test_what_was_not_added_is_not_there(self, files: PublicFiles) -> None:
        await files.add({TILE: b"hashes"})
        for path in ("tile/0/x001/23", "tile/1/000", CHECKPOINT):
            assert await files.read(path) is None
            assert files.read_now(path) is None

    async def test_a_file_is_written_once(self, files: PublicFiles, again: PublicFiles) -> None:
        await files.add({TILE: b"hashes"})
        await again.add({TILE: b"hashes", "tile/0/000": b"more"})
        with pytest.raises(Fork, match=TILE):
            await again.add({TILE: b"others"})
        assert await files.read(TILE) == b"hashes"
        assert await files.read("tile/0/000") == b"more"

    async def test_the_checkpoint_is_replaced_whole(self, files: PublicFiles, again: PublicFiles) -> None:
        for note in (b"a long first note", b"second"):
            await files.replace(CHECKPOINT, note)
            assert await again.read(CHECKPOINT) == note

    async def test_parts_go_and_their_neighbours_stay(self, files: PublicFiles) -> None:
        parts = {f"{TILE}.p/{width}": bytes(width) for width in range(1, 20)}
        await files.add({**parts, TILE: b"full", f"{TILE}.page": b"a neighbour"})
        await files.remove(f"{TILE}.p")
        await files.remove(f"{TILE}.p")
        assert [await files.read(path) for path in parts] == [None] * len(parts)
        assert (await files.read(TILE), await files.read(f"{TILE}.page")) == (b"full", b"a neighbour")
