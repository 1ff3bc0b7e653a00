"""The start pages, typed as they stand there, one user after the other; then one number at every door of the same stack."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx
import psutil
import pytest

from amtsweg.stack import supervisor
from amtsweg.stack.description import StackDescription
from amtsweg.stack.pidfiles import end_tree

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
USERS = ("platform", "authority", "clearing-desk", "auditor", "operator")
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"\bAW-\d{4}(?:-[0-9A-Z]{4}){3}\b")
_LASTING = "--folder eingang"
"""The sample authority runs until it is ended."""

_PATIENCE_SECONDS = 240
_DONE_BY_THE_FIXTURE = frozenset({"make up", "amtsweg down"})

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def stack(shared_var: Path) -> Iterator[Path]:
    """The folder of a running stack."""
    try:
        typed("amtsweg up --detach", shared_var)
        yield shared_var
    finally:
        supervisor.stop(shared_var)


def lines(user: str) -> list[str]:
    page = (ROOT / "docs" / "start" / f"{user}.md").read_text(encoding="utf-8")
    told = [line.partition(" #")[0].strip() for block in _BLOCK.findall(page) for line in block.splitlines()]
    return [line for line in told if line and line not in _DONE_BY_THE_FIXTURE]


def environment(var: Path) -> dict[str, str]:
    programs = str(Path(sys.executable).parent)
    return {**os.environ, "AMTSWEG_VAR": str(var), "PATH": f"{programs}:{os.environ['PATH']}"}


def ran(line: str, var: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line],
        cwd=ROOT,
        env=environment(var),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def typed(line: str, var: Path) -> str:
    done = ran(line, var)
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


def patiently(asked: Callable[[], T]) -> T:
    """What has just been handed in can be found a few seconds later."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return asked()
        except (AssertionError, httpx.HTTPError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def test_every_command_of_every_start_page_does_something(stack: Path, tmp_path: Path) -> None:
    number, inbox = "", tmp_path / "eingang"
    for user in USERS:
        for line in lines(user):
            if line.startswith("node ") and shutil.which("node") is None:
                continue
            here = line.replace("var/stack.json", f"{stack}/stack.json").replace("eingang", str(inbox))
            here = _NUMBER.sub(number, here)
            if _LASTING in line:
                _receives(here, stack, inbox, log=tmp_path / "authority.log")
                continue
            told = patiently(partial(typed, here, stack)) if "amtsweg case" in here else typed(here, stack)
            assert told.strip(), f"{line} says nothing"
            number = found[0] if (found := _NUMBER.search(told)) else number
    assert number


def _receives(line: str, var: Path, inbox: Path, *, log: Path) -> None:
    """Run the sample authority until the first case lies in its folder."""
    with log.open("wb") as told:
        process = subprocess.Popen(
            ["bash", "-c", line], cwd=ROOT, env=environment(var), stdout=told, stderr=told
        )
    try:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not (inbox.is_dir() and any(inbox.rglob("*.json"))):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
    finally:
        end_tree(psutil.Process(process.pid))
        process.wait(30)


def test_one_number_opens_every_door(stack: Path) -> None:
    """Intake, the command, the log and the sample auditor; console and desk read numbers with the same words (see unit)."""
    description, reference = StackDescription.read(stack), f"zahl-{uuid4().hex[:12]}"
    client = next(each for each in description.clients.values() if each.secret is not None)
    intake, audit = description.urls.intake, description.urls.audit
    with httpx.Client(timeout=30) as http:
        form = {"grant_type": "client_credentials"}
        asked = http.post(f"{intake}/token", data=form, auth=(client.client_id, client.secret or ""))
        token = {"Authorization": f"Bearer {asked.json()['access_token']}"}
        submission = {
            "service": "99050012104000",
            "place": {"plz": "35390", "town": "Gießen"},
            "content": {},
            "clientReference": reference,
        }
        key = {"Idempotency-Key": f'"{uuid4()}"'}
        taken = http.post(f"{intake}/v1/submissions", json=submission, headers=token | key).json()
        number, case = taken["receiptNumber"], taken["caseId"]
        ours = (number, number.lower().replace("-", " "), taken["submissionId"], case.upper())
        for each in (*ours, reference):
            asked = http.get(f"{intake}/v1/submissions/{quote(each, safe='')}", headers=token)
            assert asked.json()["caseId"] == case, (each, asked.text)
            told = patiently(partial(typed, f"amtsweg case '{each}' --json", stack))
            assert json.loads(told)["caseId"] == case

        visit = {
            "Authorization": f"Bearer {description.auditor.token}",
            "Amtsweg-Purpose": "Stichprobe",
            "Amtsweg-Reference": "PR-2026-0001",
        }

        def timeline(each: str) -> httpx.Response:
            return http.get(f"{audit}/v1/cases/{quote(each, safe='')}/timeline", headers=visit)

        patiently(lambda: timeline(number).raise_for_status())
        assert len({timeline(each).raise_for_status().json()["case"] for each in ours}) == 1
        unknown = timeline(reference)
    assert unknown.status_code == 404
    assert "amtsweg case" in unknown.json()["resolution"]
    for each in ours:
        assert "proven" in typed(f"python examples/auditor/look.py {stack}/stack.json '{each}'", stack)
