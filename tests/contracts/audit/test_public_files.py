"""A folder, and a bucket of an S3 server that we did not write, keep the contract; and a log lies whole in either."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.audit.adapters.folder_files import FolderFiles
from services.audit.adapters.object_files import ObjectFiles
from services.audit.adapters.proofs import Proofs
from services.audit.adapters.tile_folder import TileFolder
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.note import Note
from services.audit.handler.publish import LogPublisher
from services.audit.ports import Fork, PublicFiles
from shared.errors import Unavailable
from shared.object_store import ObjectStore
from tests.contracts.audit.public_files import PublicFilesContract
from tests.support.audit import (
    LOG_KEY,
    NOW,
    ORIGIN,
    Countdown,
    Crash,
    Crashing,
    MemoryLog,
    check_files,
    entry,
)
from tests.support.object_server import KEY, new_store, object_server


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with object_server() as url:
        yield url


Store = Callable[[], ObjectFiles]
"""One place in an object store, as each of several processes opens it."""


@pytest.fixture
def store(server: str) -> Store:
    opened = new_store(server, "audit.example/log2026")
    return lambda: ObjectFiles(opened())


class TestFolderFiles(PublicFilesContract):
    @pytest.fixture
    def files(self, tmp_path: Path) -> PublicFiles:
        return FolderFiles(tmp_path / "log")

    @pytest.fixture
    def again(self, files: PublicFiles, tmp_path: Path) -> PublicFiles:
        return FolderFiles(tmp_path / "log")


class TestObjectFiles(PublicFilesContract):
    @pytest.fixture
    def files(self, store: Store) -> PublicFiles:
        return store()

    @pytest.fixture
    def again(self, files: PublicFiles, store: Store) -> PublicFiles:
        return store()


async def alone(note: Note, _: Checkpoint) -> Note:
    return note


def publisher(log: MemoryLog, folder: TileFolder) -> LogPublisher:
    return LogPublisher(
        origin=ORIGIN,
        keys=[LOG_KEY],
        log=log,
        publications=log,
        shelf=folder,
        clock=lambda: NOW,
        cosign=alone,
    )


async def published(log: MemoryLog, folder: TileFolder) -> Checkpoint:
    running = publisher(log, folder)
    tree = await running.publish(await running.start())
    return Checkpoint(ORIGIN, tree.size, tree.root())


@pytest.mark.parametrize("done", [False, True])
async def test_a_log_in_an_object_store_is_whole_after_a_crash_at_every_call(
    store: Store, tmp_path: Path, *, done: bool
) -> None:
    log, crashes = MemoryLog(), 0
    for size in (1, 256, 700):
        log.extend([entry(number) for number in range(len(log.leaves), size)])
        for fatal in range(1, 50):
            dying = Crashing(store(), Countdown(fatal, done=done))
            try:
                await published(log, TileFolder(tmp_path / "log", files=dying))
            except Crash:
                crashes += 1
            else:
                break
        checkpoint = await published(log, TileFolder(tmp_path / "log", files=store()))
        check_files(store().read_now, checkpoint)
    assert crashes > 5
    folder = TileFolder(tmp_path / "log", files=store())
    assert (await Proofs(folder).inclusion(300)).index == 300
    assert folder.checkpoint_age() < 600
    assert not (tmp_path / "log" / "tile").exists()


async def test_a_contradiction_in_the_object_store_stops_the_log(store: Store, tmp_path: Path) -> None:
    await store().add({"tile/entries/000.p/3": b"another truth"})
    log = MemoryLog()
    log.extend([entry(number) for number in range(3)])
    with pytest.raises(Fork, match=r"tile/entries/000\.p/3"):
        await published(log, TileFolder(tmp_path / "log", files=store()))


async def test_a_store_that_is_away_is_tried_again_later() -> None:
    nobody = ObjectFiles(ObjectStore("http://127.0.0.1:9/tiles", **KEY))
    with pytest.raises(Unavailable, match="object store"):
        await nobody.read("checkpoint")
    with pytest.raises(Unavailable, match="object store"):
        await nobody.add({"tile/0/000": b"hashes"})
