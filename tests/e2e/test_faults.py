"""Every process of the real stack is killed under load; then the bill has to add up.

``kill -9`` of each service and witness once in each round at random moments, of Kafka, PostgreSQL and Redis once each
with a restart, with a record that nobody can decode among the others: every submission that was answered 202 is in
exactly one inbox exactly once or parked, in the log exactly once, and mailed once, or visibly ``unknown``.
"""

import asyncio
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from amtsweg.demo.checks import check_all
from amtsweg.demo.platform import Platform, post_all
from amtsweg.demo.run import RunProgress, prove, sample_authorities, settle
from amtsweg.demo.scenarios import Posting, postings
from amtsweg.stack.description import StackDescription
from amtsweg.stack.stack import Stack
from shared.events.topics import SUBMISSION_RECEIVED, authority_group
from shared.kafka.client import KafkaAddress, idempotent_producer
from shared.kafka.many_groups import ManyGroups

RATE = 15.0
SECONDS_PER_ROUND = 10
STILL_SECONDS = 60.0
_VAR = Path(__file__).parents[2] / "var" / "tests"


class Tending(threading.Thread):
    """What the supervisor does: services that have ended are started again. Faults are done here too."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self.stack = stack
        self.done: list[str] = []
        self.failure: Exception | None = None
        self._faults: list[tuple[float, str]] = []
        self._ended = threading.Event()

    def schedule(self, faults: list[tuple[float, str]]) -> None:
        """Faults as (seconds from the start of this thread, part)."""
        self._faults = sorted(faults)

    def run(self) -> None:
        began = time.monotonic()
        try:
            while not self._ended.wait(0.05):
                for part in self.stack.tended.values():
                    part.tend()
                while self._faults and time.monotonic() - began >= self._faults[0][0]:
                    self._do(self._faults.pop(0)[1])
        except Exception as error:  # noqa: BLE001 - told to the test, which fails with it
            self.failure = error

    def end(self) -> None:
        self._ended.set()
        if self.is_alive():
            self.join()

    def _do(self, name: str) -> None:
        self.done.append(name)
        if name in self.stack.tended:
            self.stack.tended[name].kill()
        else:
            part = next(p for p in self.stack.servers.parts if p.name == name)
            part.kill()
            part.start()


@contextmanager
def running(var: Path) -> Iterator[tuple[Stack, StackDescription]]:
    stack = Stack(var)
    description = stack.start()
    try:
        yield stack, description
    finally:
        stack.stop()


def faults(stack: Stack, *, rounds: int, seed: int) -> list[tuple[float, str]]:
    random, seconds = Random(seed), rounds * SECONDS_PER_ROUND
    services = [name for name in stack.tended for _ in range(rounds)]
    scattered = [(random.uniform(1.0, seconds * 0.9), name) for name in services]
    servers = [(seconds * 0.25, "redis"), (seconds * 0.4, "postgres"), (seconds * 0.6, "kafka")]
    return scattered + servers


@pytest.mark.timeout(900)
@pytest.mark.parametrize("rounds", [1, pytest.param(3, marks=pytest.mark.long)])
def test_whatever_dies_every_submission_arrives_once_and_the_log_proves_it(rounds: int) -> None:
    seed = secrets.randbelow(2**32)
    wanted = postings(int(rounds * SECONDS_PER_ROUND * RATE), run=f"faults-{seed}", seed=seed)
    with running(_VAR / f"faults-{seed}") as (stack, description):
        tending = Tending(stack)
        tending.schedule(faults(stack, rounds=rounds, seed=seed))
        try:
            progress = asyncio.run(_under_load(stack.var, description, wanted, tending=tending))
        finally:
            tending.end()
        verdicts, _ = prove(description, progress.seen)
    assert tending.failure is None
    assert sorted(tending.done) == sorted([*stack.tended] * rounds + ["kafka", "postgres", "redis"])
    assert all(verdict.holds for verdict in verdicts), verdicts
    broken = [c for c in check_all(len(wanted), progress.taken, progress.seen) if not c.holds]
    assert broken == [], f"seed {seed}"
    shutil.rmtree(stack.var)


async def _under_load(
    var: Path, description: StackDescription, wanted: tuple[Posting, ...], *, tending: Tending
) -> RunProgress:
    progress = RunProgress(requests=len(wanted))
    authorities = sorted({p.authority for p in wanted if p.authority is not None})
    address = description.kafka.address
    await _poison(address)
    async with sample_authorities(var, authorities), Platform.of(description) as platform:
        await _until_read(address, authorities)
        tending.start()
        await post_all(platform, wanted, rate=RATE, taken=progress.taken)
        assert len(progress.taken) == len(wanted), f"answered otherwise than 202: {platform.refusals}"
        await settle(description, progress=progress, still_s=STILL_SECONDS)
    return progress


async def _poison(address: KafkaAddress) -> None:
    """A record that nobody can decode: every service has to start again with it behind it."""
    async with idempotent_producer(address) as producer:
        await producer.send_and_wait(SUBMISSION_RECEIVED.name, b"undecodable", partition=0)


async def _until_read(address: KafkaAddress, authorities: list[str]) -> None:
    """The samples have joined: one that starts while Kafka is down ends, and nobody here starts it again."""
    wanted = {authority_group(each) for each in authorities}
    admin = AIOKafkaAdminClient(**address.arguments())
    await admin.start()
    try:
        async with asyncio.timeout(120):
            while not wanted <= await ManyGroups(admin).with_members():  # noqa: ASYNC110 - the groups tell nobody
                await asyncio.sleep(0.2)
    finally:
        await admin.close()
