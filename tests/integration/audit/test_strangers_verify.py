"""A verifier that we did not write accepts the cosigned log at every size, and refuses it when one bit is changed."""

import random
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from services.audit.adapters.proofs import Proofs
from services.audit.adapters.tile_folder import TileFolder
from services.audit.domain.policy import Policy, Trusted
from services.audit.domain.tiles import TileName
from services.audit.handler.cosign import Cosigner
from services.audit.handler.publish import LogPublisher
from tests.support.audit import LOG_KEY, LOG_KEY_PQ, NOW, ORIGIN, MemoryLog, entry
from tests.support.fake_witness import FakeWitness
from tests.support.verifier import IndependentVerifier

WITNESS = FakeWitness(LOG_KEY.verifier).verifier
VERIFIER = IndependentVerifier(LOG_KEY.verifier.to_text(), (WITNESS.to_text(),))
CHANGES_PER_FILE = 30


class Hoard(TileFolder):
    """Keeps the parts of tiles that are full now, as a log may."""

    async def discard(self, names: Sequence[TileName]) -> None:
        del names


class Growing:
    """A log in a folder: signed with Ed25519 and ML-DSA-44, cosigned by one witness."""

    def __init__(self, path: Path) -> None:
        self._log = MemoryLog()
        folder = Hoard(path)
        policy = Policy((), {"w1": Trusted(WITNESS, "http://w1.test")}, {}, "w1")
        cosigner = Cosigner(
            policy,
            ask=FakeWitness(LOG_KEY.verifier).ask,
            prove=Proofs(folder).between,
            keep_evidence=folder.keep_evidence,
        )
        self._publisher = LogPublisher(
            origin=ORIGIN,
            keys=[LOG_KEY, LOG_KEY_PQ],
            log=self._log,
            publications=self._log,
            shelf=folder,
            clock=lambda: NOW,
            cosign=cosigner.cosign,
        )

    async def to(self, size: int) -> None:
        """Grow to this size and publish."""
        self._log.extend([entry(n) for n in range(len(self._log.leaves), size)])
        await self._publisher.publish(await self._publisher.start())


_AROUND_TILES = [*range(1, 34), *range(250, 262), *range(506, 520), 600]
"""Sizes where a tile, or a path of proofs, becomes another one."""


@pytest.mark.parametrize("sizes", [_AROUND_TILES, pytest.param([*range(1, 601)], marks=pytest.mark.long)])
async def test_it_accepts_every_size_and_each_as_part_of_the_last(tmp_path: Path, sizes: list[int]) -> None:
    folder = tmp_path / "log"
    growing = Growing(folder)
    for size in sizes:
        await growing.to(size)
        seen = tmp_path / str(size)
        seen.mkdir()
        shutil.copyfile(folder / "checkpoint", seen / "checkpoint")
        (seen / "tile").symlink_to(folder / "tile")
    commands = [VERIFIER.checkpoint(tmp_path / str(size)) for size in sizes]
    commands += [VERIFIER.consistency(folder, tmp_path / str(size) / "checkpoint") for size in sizes]
    commands += [VERIFIER.inclusion(folder, index) for index in (0, 255, 256, 300, 599)]
    answers = VERIFIER.run(commands)
    assert len(answers) == len(commands)
    assert [answer for answer in answers if not answer["ok"]] == []


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 70_000])
async def test_it_accepts_the_log_where_a_third_level_begins(tmp_path: Path, size: int) -> None:
    await Growing(tmp_path).to(size)
    commands = [VERIFIER.inclusion(tmp_path, index) for index in (0, 12_345, size - 1)]
    assert [answer["ok"] for answer in VERIFIER.run(commands)] == [True, True, True]


def places(name: str, data: bytes) -> list[int]:
    """Where a change must be noticed: everywhere, except in the signature of a kind that this verifier ignores."""
    if name != "checkpoint":
        return list(range(len(data)))
    before, unknown, _ = re.split(rb"(?<=\n)(\xe2\x80\x94 [^\n]{200,}\n)", data)
    return [place for place in range(len(data)) if not 0 <= place - len(before) < len(unknown)]


@pytest.mark.parametrize("name", ["checkpoint", "tile/0/000", "tile/1/000.p/1", "tile/entries/001.p/44"])
async def test_it_refuses_a_file_in_which_one_bit_is_changed(tmp_path: Path, name: str) -> None:
    await Growing(tmp_path / "log").to(300)
    data = (tmp_path / "log" / name).read_bytes()
    chance = random.Random(1)
    commands = []
    for number, place in enumerate(chance.choices(places(name, data), k=CHANGES_PER_FILE)):
        folder = tmp_path / str(number)
        shutil.copytree(tmp_path / "log", folder)
        changed = bytearray(data)
        changed[place] ^= 1 << chance.randrange(8)
        (folder / name).unlink()
        (folder / name).write_bytes(changed)
        commands.append(VERIFIER.inclusion(folder, 270 if "entries/001" in name else 7))
    answers = VERIFIER.run(commands)
    assert len(answers) == CHANGES_PER_FILE
    assert [answer for answer in answers if answer["ok"]] == []
