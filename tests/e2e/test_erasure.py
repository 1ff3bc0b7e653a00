"""An erasure over all services, on the whole stack: every holder reports, nothing is left in any store, and nothing comes back."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from amtsweg.stack.description import StackDescription
from tests.support.erased import left_of
from tests.support.late_input import Outside

ROOT = Path(__file__).parents[2]
REFUSED = {404, 409, 422}


def typed(*arguments: str, var: Path) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "amtsweg", *arguments],
        cwd=ROOT,
        env={**os.environ, "AMTSWEG_VAR": str(var)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, f"{arguments}\n{run.stdout}{run.stderr}"
    return run.stdout


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_after_an_erasure_nothing_is_left_of_the_case_and_nothing_from_outside_brings_it_back(
    var: Path,
) -> None:
    await asyncio.to_thread(typed, "up", "--detach", var=var)
    stack = StackDescription.read(var)
    async with httpx.AsyncClient(timeout=30) as http:
        outside = Outside(stack, http)
        key = str(uuid4())
        receipt = (await outside.submit(key)).raise_for_status().json()
        case = receipt["caseId"]
        await outside.until_logged(receipt["receiptNumber"])  # the log erases what it has read

        erase = ("audit", "erase", "--case", case, "--basis", "Art. 17 Abs. 1 DSGVO", "--lang", "de")
        assert "Überall gelöscht" in await asyncio.to_thread(typed, *erase, var=var)
        assert await left(outside, case) == []

        told = await outside.to_the_case(case)
        assert {what: status for what, status in told.items() if status not in REFUSED} == {}
        # The platform that lost our answer sends the same again, under the key that it had: it is the same case.
        again = await outside.submit(key)
        assert not again.is_server_error
        assert again.status_code in REFUSED or again.json()["caseId"] == case
        await outside.until_all_is_read(case)
        assert await left(outside, case) == []


async def left(outside: Outside, case: str) -> list[str]:
    return await left_of(UUID(case), postgres_url=outside.stack.postgres.url, address=outside.address)
