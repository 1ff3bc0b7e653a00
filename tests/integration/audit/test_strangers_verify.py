"""A verifier that we did not write accepts the log at many sizes, and refuses it when one bit is changed."""

import random
import shutil
from pathlib import Path

import pytest

from services.audit.adapters.tile_folder import TileFolder
from tests.support.audit import LOG_KEY, MemoryLog, entry
from tests.support.verifier import IndependentVerifier
from tests.unit.audit.test_publishing import publisher

VERIFIER = IndependentVerifier(LOG_KEY.verifier.to_text())
SIZES = [*range(1, 18), 100, 254, 255, 256, 257, 258, 511, 512, 513, 600]


async def published(folder: Path, size: int, log: MemoryLog | None = None) -> MemoryLog:
    log = log or MemoryLog()
    log.extend([entry(n) for n in range(len(log.leaves), size)])
    running = publisher(log, TileFolder(folder))
    await running.publish(await running.start())
    return log


async def test_it_accepts_the_log_at_many_sizes(tmp_path: Path) -> None:
    commands = []
    for size in SIZES:
        folder = tmp_path / str(size)
        await published(folder, size)
        commands.append(VERIFIER.checkpoint(folder))
        commands += [VERIFIER.inclusion(folder, index) for index in sorted({0, size // 2, size - 1})]
    assert [answer for answer in VERIFIER.run(commands) if not answer["ok"]] == []


async def test_it_accepts_every_checkpoint_from_1_to_600_as_part_of_the_last(tmp_path: Path) -> None:
    folder, log = tmp_path / "log", MemoryLog()
    for size in range(1, 601):
        await published(folder, size, log)
        shutil.copyfile(folder / "checkpoint", tmp_path / f"checkpoint.{size}")
    commands = [VERIFIER.consistency(folder, tmp_path / f"checkpoint.{size}") for size in range(1, 601)]
    assert [answer for answer in VERIFIER.run(commands) if not answer["ok"]] == []


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 70_000])
async def test_it_accepts_the_log_where_a_third_level_begins(tmp_path: Path, size: int) -> None:
    await published(tmp_path, size)
    commands = [VERIFIER.inclusion(tmp_path, index) for index in (0, 12_345, size - 1)]
    assert [answer["ok"] for answer in VERIFIER.run(commands)] == [True, True, True]


async def test_it_refuses_every_file_in_which_one_bit_is_changed(tmp_path: Path) -> None:
    await published(tmp_path / "log", 300)
    chance = random.Random(1)
    commands = []
    for number, name in enumerate(("checkpoint", "tile/0/000", "tile/1/000.p/1", "tile/entries/000") * 8):
        folder = tmp_path / f"changed.{number}"
        shutil.copytree(tmp_path / "log", folder)
        data = bytearray((folder / name).read_bytes())
        # The second signature line of the checkpoint is ML-DSA, which this verifier does not know.
        changeable = bytes(data).index(b"\n\xe2\x80\x94 ") if name == "checkpoint" else len(data)
        bit = chance.randrange(changeable * 8)
        data[bit // 8] ^= 1 << bit % 8
        (folder / name).unlink()
        (folder / name).write_bytes(data)
        commands.append(VERIFIER.inclusion(folder, 7))
    assert [answer for answer in VERIFIER.run(commands) if answer["ok"]] == []
