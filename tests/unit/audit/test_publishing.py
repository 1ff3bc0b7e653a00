"""The publisher dies at every step, before and after it is done, and the log never has two truths."""

import resource
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from services.audit.adapters.proofs import Proofs
from services.audit.adapters.tile_folder import TileFolder
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_proof,
    grow,
    leaf_hash,
    node_hash,
    verify_consistency,
)
from services.audit.domain.note import Note
from services.audit.domain.policy import Policy, Trusted, log_only, open_checkpoint
from services.audit.domain.tiles import changed
from services.audit.handler.cosign import Cosigner
from services.audit.handler.integrate import derive
from services.audit.handler.publish import LogPublisher
from services.audit.ports import Fork
from shared.errors import Unavailable
from tests.support.audit import (
    LOG_KEY,
    LOG_KEY_PQ,
    NOW,
    ORIGIN,
    Countdown,
    Crash,
    Crashing,
    DyingAtFiles,
    MemoryLog,
    check_files,
    entry,
)
from tests.support.fake_witness import FakeWitness

pytestmark = pytest.mark.slow

ENTRY = '{{"seq":{},"type":"submission.received","v":1}}'


async def alone(note: Note, _: Checkpoint) -> Note:
    return note


def publisher(
    log: MemoryLog,
    folder: TileFolder,
    *,
    witness: FakeWitness | None = None,
    counter: Countdown | None = None,
) -> LogPublisher:
    parts = (log, log, folder, witness)
    log_, publications, shelf, asked = parts if counter is None else (Crashing(p, counter) for p in parts)
    return LogPublisher(
        origin=ORIGIN,
        keys=[LOG_KEY, LOG_KEY_PQ],
        log=log_,
        publications=publications,
        shelf=shelf,
        clock=lambda: NOW,
        cosign=alone if witness is None else cosigner(witness, asked, folder).cosign,
    )


def cosigner(witness: FakeWitness, asked: Any, folder: TileFolder) -> Cosigner:
    policy = Policy((), {"w1": Trusted(witness.verifier, "http://w1.test")}, {}, "w1")
    prove = Proofs(folder).between
    return Cosigner(policy, ask=asked.ask, prove=prove, keep_evidence=folder.keep_evidence)


def checkpoint(folder: TileFolder) -> Checkpoint | None:
    note = folder.read_now("checkpoint")
    if note is None:
        return None
    return open_checkpoint(note, log_only(LOG_KEY.verifier, LOG_KEY_PQ.verifier))


def log_at(size: int) -> CompactRange:
    return grow(CompactRange(), [leaf_hash(entry(n)) for n in range(size)])[0]


async def grow_and_publish(log: MemoryLog, folder: TileFolder, size: int) -> None:
    log.extend([entry(n) for n in range(len(log.leaves), size)])
    running = publisher(log, folder)
    await running.publish(await running.start())


async def test_the_checkpoint_at_257_is_the_one_that_other_implementations_sign(tmp_path: Path) -> None:
    log, folder = MemoryLog(), TileFolder(tmp_path)
    log.extend([ENTRY.format(i).encode() for i in range(257)])
    running = publisher(log, folder)
    await running.publish(await running.start())
    note = Note.from_bytes(folder.read_now("checkpoint") or b"")
    assert note.text == f"{ORIGIN}\n257\np4Ga3sCy0lJ6nYhgw+QdlL7RdKUpH9DtPAQBxbeGjDs=\n"
    assert note.signatures[0].key_id + note.signatures[0].value == b64decode(
        "ZAolD0zlZVSLEMerUcDLX+dMcy3sJsRMVaGHYofHnUqkJAR0atIfPde8nb2V5JqZrhp5FOuV/8gZPQE3Be4LX/jdbgU="
    )


@pytest.mark.parametrize("sizes", [[1], [255, 256, 257], [300, 600, 70_000], [65_535, 65_536, 65_537]])
async def test_the_files_of_every_published_size_make_its_tree(tmp_path: Path, sizes: list[int]) -> None:
    log, folder = MemoryLog(), TileFolder(tmp_path)
    for size in sizes:
        await grow_and_publish(log, folder, size)
        found = checkpoint(folder)
        assert found == Checkpoint(ORIGIN, size, log.tree.root())
        check_files(folder.read_now, found)


async def test_an_empty_log_has_a_checkpoint_too(tmp_path: Path) -> None:
    log, folder = MemoryLog(), TileFolder(tmp_path)
    await grow_and_publish(log, folder, 0)
    assert checkpoint(folder) == Checkpoint(ORIGIN, 0, EMPTY_ROOT)


async def test_partial_files_go_once_the_full_one_is_published(tmp_path: Path) -> None:
    log, folder = MemoryLog(), TileFolder(tmp_path)
    for size in (100, 200, 300):
        await grow_and_publish(log, folder, size)
    assert not (tmp_path / "tile/0/000.p").exists()
    assert not (tmp_path / "tile/entries/000.p").exists()
    assert (tmp_path / "tile/0/001.p/44").exists()


async def test_partial_files_of_an_attempt_that_failed_go_too(tmp_path: Path) -> None:
    log, folder = MemoryLog(), TileFolder(tmp_path)
    await grow_and_publish(log, folder, 100)
    log.extend([entry(n) for n in range(100, 300)])
    await derive(log_at(100), log.tree, log=log, shelf=folder)
    assert (tmp_path / "tile/entries/001.p/44").exists()
    await grow_and_publish(log, folder, 600)
    assert not (tmp_path / "tile/entries/001.p").exists()
    assert not (tmp_path / "tile/0/001.p").exists()


async def test_nothing_is_published_while_evidence_of_a_contradiction_lies_there(tmp_path: Path) -> None:
    log, folder = MemoryLog(), TileFolder(tmp_path)
    await grow_and_publish(log, folder, 100)
    await folder.keep_evidence("witness-1.answer", b"409 ")
    with pytest.raises(Fork, match="move the evidence away"):
        await grow_and_publish(log, folder, 200)
    (tmp_path / ".state/evidence/witness-1.answer").unlink()
    await grow_and_publish(log, folder, 200)
    assert checkpoint(folder) == Checkpoint(ORIGIN, 200, log.tree.root())


async def test_nothing_is_written_twice(tmp_path: Path) -> None:
    log, folder = MemoryLog(), TileFolder(tmp_path)
    await grow_and_publish(log, folder, 300)
    first = (tmp_path / "tile/0/000").stat()
    await grow_and_publish(log, folder, 300)
    assert (tmp_path / "tile/0/000").stat().st_ino == first.st_ino
    assert first.st_mode & 0o777 == 0o444


class Accident:
    """Publish 200, die while publishing 300, go on to 520; a witness cosigns and remembers."""

    def __init__(self, folder: Path) -> None:
        self.path = folder
        self.log, self.folder = MemoryLog(), TileFolder(folder)
        self.witness = FakeWitness(LOG_KEY.verifier)

    async def publish(self, size: int, counter: Countdown | None = None) -> Checkpoint:
        self.log.extend([entry(n) for n in range(len(self.log.leaves), size)])
        running = publisher(self.log, self.folder, witness=self.witness, counter=counter)
        await running.publish(await running.start())
        return self.published()

    def published(self) -> Checkpoint:
        found = checkpoint(self.folder)
        assert found is not None
        check_files(self.folder.read_now, found)
        return found

    async def recover(self, before: Checkpoint) -> None:
        between = self.published()
        after = await self.publish(520)
        assert after == Checkpoint(ORIGIN, 520, self.log.tree.root())
        hashes = list(map(leaf_hash, self.log.leaves))

        def subtree(height: int, index: int) -> bytes:
            if height == 0:
                return hashes[index]
            return node_hash(subtree(height - 1, 2 * index), subtree(height - 1, 2 * index + 1))

        for old in (before, between):
            proof = consistency_proof(old.size, after.size, subtree)
            verify_consistency(
                old=old.size, size=after.size, old_root=old.root, new_root=after.root, proof=proof
            )


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
async def test_a_crash_at_any_step_is_healed_by_the_next_start(tmp_path: Path, done: bool) -> None:  # noqa: FBT001 - parametrised
    for fatal in range(1, 100):
        accident = Accident(tmp_path / str(fatal))
        before = await accident.publish(200)
        counter = Countdown(fatal, done=done)
        try:
            await accident.publish(300, counter)
        except Crash:
            await accident.recover(before)
        else:
            break
    assert counter.calls > 12


async def test_a_crash_between_any_two_files_is_healed_by_the_next_start(tmp_path: Path) -> None:
    for fatal in range(1, 100):
        accident = Accident(tmp_path / str(fatal))
        before = await accident.publish(200)
        with DyingAtFiles(accident.path, fatal) as dying:
            try:
                await accident.publish(300)
            except Crash:
                await accident.recover(before)
            else:
                break
    assert dying.calls > 12


async def test_what_was_announced_never_has_two_roots_for_one_size(tmp_path: Path) -> None:
    log, folder = MemoryLog(), TileFolder(tmp_path)
    for fatal in range(1, 16):
        log.extend([entry(n) for n in range(len(log.leaves), len(log.leaves) + 37)])
        dying = publisher(log, folder, counter=Countdown(fatal, done=bool(fatal % 2)))
        try:
            await dying.publish(await dying.start())
        except Crash:
            continue
    sizes = {c.size: c.root for c, _ in log.announced}
    assert len(sizes) == len({(c.size, c.root) for c, _ in log.announced})


async def test_a_restored_backup_is_not_signed(tmp_path: Path) -> None:
    log, folder = MemoryLog(), TileFolder(tmp_path)
    await grow_and_publish(log, folder, 300)
    restored = MemoryLog()
    restored.extend([entry(n) for n in range(250)])
    with pytest.raises(Fork, match="restored from an old backup"):
        await publisher(restored, folder).start()


async def test_a_restored_backup_that_grew_again_is_not_signed(tmp_path: Path) -> None:
    log, folder = MemoryLog(), TileFolder(tmp_path)
    await grow_and_publish(log, folder, 300)
    restored = MemoryLog()
    restored.extend([entry(n) for n in range(250)])
    restored.extend([entry(n) for n in range(1000, 1100)])
    with pytest.raises(Fork, match="another root for the size 300"):
        await publisher(restored, folder).start()


async def test_a_lost_folder_is_made_again_and_does_not_go_back(tmp_path: Path) -> None:
    log = MemoryLog()
    await grow_and_publish(log, TileFolder(tmp_path / "lost"), 300)
    folder = TileFolder(tmp_path / "new")
    await grow_and_publish(log, folder, 310)
    found = checkpoint(folder)
    assert found is not None
    check_files(folder.read_now, found)


async def test_a_folder_of_another_log_is_refused(tmp_path: Path) -> None:
    folder = TileFolder(tmp_path)
    await folder.intend(Checkpoint("other.example", 0, EMPTY_ROOT))
    with pytest.raises(Fork, match=r"belongs to other\.example"):
        await publisher(MemoryLog(), folder).start()


async def test_a_file_with_other_bytes_stops_publication_and_stays(tmp_path: Path) -> None:
    log, folder = MemoryLog(), TileFolder(tmp_path)
    forged = tmp_path / "tile/0/000"
    forged.parent.mkdir(parents=True)
    forged.write_bytes(b"forged")
    log.extend([entry(n) for n in range(300)])
    running = publisher(log, folder)
    with pytest.raises(Fork, match="evidence"):
        await running.publish(await running.start())
    assert forged.read_bytes() == b"forged"
    assert checkpoint(folder) is None


@pytest.mark.parametrize(
    ("changed_row", "said"), [(7, "rows of level 1 are not"), (299, "do not give the root")]
)
async def test_rows_that_contradict_the_stored_tree_are_not_published(
    tmp_path: Path, changed_row: int, said: str
) -> None:
    log, folder = MemoryLog(), TileFolder(tmp_path)
    log.extend([entry(n) for n in range(300)])
    log.leaves[changed_row] = b"changed"
    running = publisher(log, folder)
    with pytest.raises(Fork, match=said):
        await running.publish(await running.start())
    assert checkpoint(folder) is None


async def test_without_the_witnesses_nothing_is_published(tmp_path: Path) -> None:
    log, folder = MemoryLog(), TileFolder(tmp_path)
    await grow_and_publish(log, folder, 100)

    async def nobody(note: Note, checkpoint: Checkpoint) -> Note:
        raise Unavailable("the quorum is not reached")

    log.extend([entry(n) for n in range(100, 150)])
    running = publisher(log, folder)
    alone_ = LogPublisher(
        origin=ORIGIN,
        keys=running.keys,
        log=log,
        publications=log,
        shelf=folder,
        clock=running.clock,
        cosign=nobody,
    )
    with pytest.raises(Unavailable):
        await alone_.publish(await alone_.start())
    found = checkpoint(folder)
    assert found is not None
    assert found.size == 100


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """As if no file could get larger than this: the kernel refuses to write more (EFBIG in place of ENOSPC)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


@pytest.mark.parametrize("room", [0, 50, 1000, 8000])
async def test_a_full_disk_stops_publication_and_leaves_no_half_file(tmp_path: Path, room: int) -> None:
    log, folder = MemoryLog(), TileFolder(tmp_path)
    await grow_and_publish(log, folder, 100)
    before = files_below(tmp_path)
    with full_disk(room), pytest.raises(Unavailable, match="tile folder: File too large"):
        await grow_and_publish(log, folder, 700)
    assert checkpoint(folder) == Checkpoint(ORIGIN, 100, log_at(100).root())
    assert files_below(tmp_path) == before
    await grow_and_publish(log, folder, 700)
    found = checkpoint(folder)
    assert found == Checkpoint(ORIGIN, 700, log.tree.root())
    check_files(folder.read_now, found)


async def test_only_one_process_has_the_folder(tmp_path: Path) -> None:
    folder = TileFolder(tmp_path)
    assert folder.lock() is not None
    assert TileFolder(tmp_path).lock() is None


async def test_what_lay_half_written_is_written_anew(tmp_path: Path) -> None:
    folder = TileFolder(tmp_path)
    name = next(iter(changed(0, 1)))
    half = tmp_path / f"tile/entries/000.p/.{name.width}.new"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"ha")
    half.chmod(0o444)
    await folder.put({name: b"whole"})
    assert folder.read_now(name.path) == b"whole"
