"""The audit service answers as its description says, to an auditor who asks for anything."""

import asyncio
from collections.abc import Mapping

import pytest
import schemathesis

from tests.integration.audit.conftest import TOKENS, RunningLog
from tests.integration.audit.serving import served
from tests.support.audit_story import STORY
from tests.support.fuzzing import CONFIG, contradictions

PLACES = ("/", "/page/{name}", "/verify.py", "/health/ready")
"""Static files, which the contract tests of the pages ask for; and the health, which is bad without a bus."""


async def found(running: RunningLog, *, examples: int) -> list[str]:
    await running.append(*STORY)
    await running.covered(len(STORY))
    headers: Mapping[str, str] = {
        "Authorization": f"Bearer {TOKENS['rechnungshof']}",
        "Amtsweg-Purpose": "test",
        "Amtsweg-Reference": "T-1",
    }
    async with served(running) as url:
        description = await asyncio.to_thread(
            schemathesis.openapi.from_url, f"{url}/openapi.json", config=CONFIG
        )
        return await asyncio.to_thread(
            contradictions, description, examples=examples, headers=headers, leave_out=PLACES
        )


async def test_every_answer_is_as_described(running: RunningLog) -> None:
    assert await found(running, examples=2) == []


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_every_answer_is_as_described_to_many(running: RunningLog) -> None:
    assert await found(running, examples=40) == []
