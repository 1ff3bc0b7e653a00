"""An erasure over all services, on the whole stack: every holder reports, and then nothing is left in any store."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from amtsweg.stack.description import StackDescription
from shared.kafka.client import KafkaAddress
from tests.support.erased import left_of

ROOT = Path(__file__).parents[2]
_CASE = re.compile(r"\bcase ([0-9a-f-]{36})\b")


def typed(*arguments: str, var: Path) -> str:
    run = subprocess.run(
        [sys.executable, *arguments],
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
def test_after_an_erasure_nothing_is_left_of_the_case_in_any_store(var: Path) -> None:
    typed("-m", "amtsweg", "up", "--detach", var=var)
    found = _CASE.search(typed("examples/platform/submit.py", str(var / "stack.json"), var=var))
    assert found
    case = found[1]

    told = typed(
        "-m",
        "amtsweg",
        "audit",
        "erase",
        "--case",
        case,
        "--basis",
        "Art. 17 Abs. 1 DSGVO",
        "--lang",
        "de",
        var=var,
    )

    assert "Überall gelöscht" in told
    stack = StackDescription.read(var)
    address = KafkaAddress(
        bootstrap=stack.kafka.bootstrap,
        security_protocol=stack.kafka.security_protocol,
        username=stack.kafka.admin.username,
        password=stack.kafka.admin.password,
    )
    assert asyncio.run(left_of(UUID(case), postgres_url=stack.postgres.url, address=address)) == []
