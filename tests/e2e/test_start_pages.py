"""The start pages, typed as they stand there: one stack, one user after the other."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from amtsweg.stack import supervisor
from amtsweg.stack.pidfiles import end_tree

ROOT = Path(__file__).parents[2]
USERS = ("platform", "authority", "clearing-desk", "auditor", "operator")
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"\bAW-\d{4}(?:-[0-9A-Z]{4}){3}\b")
_LASTING = "--folder eingang"
"""The sample authority runs until it is ended."""

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    folder = ROOT / "var" / "tests" / f"start-{os.getpid()}"
    try:
        typed("make up", folder)
        yield folder
    finally:
        supervisor.stop(folder)


def lines(user: str) -> list[str]:
    page = (ROOT / "docs" / "start" / f"{user}.md").read_text(encoding="utf-8")
    told = [line.partition(" #")[0].strip() for block in _BLOCK.findall(page) for line in block.splitlines()]
    return [line for line in told if line and line not in {"make up", "amtsweg down"}]


def environment(var: Path) -> dict[str, str]:
    programs = str(Path(sys.executable).parent)
    return {**os.environ, "AMTSWEG_VAR": str(var), "PATH": f"{programs}:{os.environ['PATH']}"}


def typed(line: str, var: Path) -> str:
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=ROOT,
        env=environment(var),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_every_command_of_every_start_page_does_something(var: Path, tmp_path: Path) -> None:
    number = ""
    for user in USERS:
        for line in lines(user):
            here = line.replace("var/stack.json", f"{var}/stack.json")
            here = _NUMBER.sub(number, here.replace("eingang", str(tmp_path / "eingang")))
            if line.startswith("node ") and shutil.which("node") is None:
                continue
            if _LASTING in line:
                _receives(here, var, tmp_path / "eingang")
                continue
            told = _until_it_works(here, var) if here.startswith("amtsweg case") else typed(here, var)
            assert told.strip(), f"{line} says nothing"
            number = found[0] if (found := _NUMBER.search(told)) else number
    assert number


def _until_it_works(line: str, var: Path) -> str:
    """What has just been handed in can be found a few seconds later."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return typed(line, var)
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _receives(line: str, var: Path, eingang: Path) -> None:
    """Run the sample authority until the first case lies in its folder."""
    process = subprocess.Popen(["bash", "-c", line], cwd=ROOT, env=environment(var))
    try:
        deadline = time.monotonic() + 120
        while not (eingang.is_dir() and any(eingang.rglob("*.json"))):
            assert process.poll() is None, f"{line} has ended"
            assert time.monotonic() < deadline, f"{line}: nothing came"
            time.sleep(0.2)
    finally:
        end_tree(psutil.Process(process.pid))
