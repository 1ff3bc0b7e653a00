"""Two processes with one ordinal: Kafka's client says nothing of it, so the engine does."""

import asyncio
from dataclasses import replace

import pytest

from shared.engine import Plan
from shared.telemetry.health import Health
from tests.integration.engine.conftest import Bench, running
from tests.integration.engine.test_one_task import copying


@pytest.mark.long
async def test_two_processes_with_one_ordinal_say_what_is_wrong(bench: Bench) -> None:
    target = bench.topic("out")
    plan = Plan(
        group=bench.group, inputs=(bench.topic("in"),), dead_letters=bench.topic("dead"), instance="0"
    )
    benches = [replace(bench, health=Health()) for _ in range(2)]
    first, second = (each.engine(plan, copying(target), target) for each in benches)
    async with running(first), running(second), asyncio.timeout(120):
        while not any("AMTSWEG_INSTANCE" in each.health.part(bench.group).reason for each in benches):  # noqa: ASYNC110 - the engine says it
            await asyncio.sleep(0.05)
