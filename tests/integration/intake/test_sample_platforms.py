"""The sample platforms, as they lie in the repository, against a running intake."""

import asyncio
import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.integration.intake.conftest import CLIENT, Ground

EXAMPLES = Path(__file__).parents[3] / "examples" / "platform"
NODE = shutil.which("node")


@pytest.mark.parametrize(
    "command",
    [
        pytest.param((sys.executable, str(EXAMPLES / "submit.py"), "{stack}", "--seconds", "2"), id="python"),
        pytest.param(
            (str(NODE), str(EXAMPLES / "submit.mjs"), "{stack}", "2"),
            id="node",
            marks=pytest.mark.skipif(NODE is None, reason="this machine has no Node"),
        ),
    ],
)
async def test_a_sample_platform_hands_in_and_repeats(
    ground: Ground, tmp_path: Path, command: tuple[str, ...]
) -> None:
    stack = tmp_path / "stack.json"
    client = {"clientId": CLIENT, "secret": ground.made.client_secret}
    stack.write_text(json.dumps({"urls": {"intake": ground.url}, "clients": {CLIENT: client}}))
    process = await asyncio.create_subprocess_exec(
        *(part.format(stack=stack) for part in command),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    assert out.decode().startswith("receipt AW-")
    assert "the same receipt" in out.decode()
    assert "received" in out.decode()
    # Nobody answers here: the end is told, and where to go on.
    assert out.decode().splitlines()[-1].startswith("not decided within 2 seconds; ")
    assert "GET /v1/cases/" in out.decode()
