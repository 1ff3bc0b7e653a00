"""Whoever starts a sample the wrong way is told what to put right, in a line and not in a stack trace."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sample_authority import FOLDER

pytestmark = pytest.mark.slow

NODE = shutil.which("node") or ""
LANGUAGES = [
    pytest.param([sys.executable, str(FOLDER / "authority.py")], id="Python"),
    pytest.param(
        [NODE, str(FOLDER / "authority.mjs")],
        id="Node",
        marks=pytest.mark.skipif(not NODE, reason="this machine has no Node"),
    ),
]

PLATFORMS = [
    pytest.param([sys.executable, str(FOLDER.parent / "platform/submit.py")], id="Python"),
    pytest.param(
        [NODE, str(FOLDER.parent / "platform/submit.mjs")],
        id="Node",
        marks=pytest.mark.skipif(not NODE, reason="this machine has no Node"),
    ),
]
AUDITOR = pytest.param([sys.executable, str(FOLDER.parent / "auditor/look.py")], id="auditor")


HANGS_UP = """
import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    asked = server.accept()[0]
    asked.recv(65536)
    asked.sendall({told!r})
    asked.close()
"""
JSON = b"Content-Type: application/json\r\n"
MISBEHAVING = {
    "at once": (b"", "cannot be reached"),
    "in the middle": (b"HTTP/1.1 200 OK\r\n" + JSON + b"Content-Length: 500\r\n\r\n{", "cannot be reached"),
    "with a redirection": (
        b"HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:1/stolen\r\nContent-Length: 0\r\n\r\n",
        "",
    ),
}


@pytest.fixture
def access(tmp_path: Path) -> Path:
    path = tmp_path / "behoerde.json"
    path.write_text(json.dumps({"urls": {}, "kafka": {}, "authorities": {"g-06531005": {}}}))
    return path


def said_to(command: list[str], *arguments: str, status: int = 2) -> str:
    ran = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == status
    assert "Traceback" not in ran.stderr
    assert "    at " not in ran.stderr
    return ran.stderr


@pytest.mark.parametrize("command", LANGUAGES)
def test_an_authority_that_is_not_in_the_file_is_named_with_one_that_is(
    command: list[str], access: Path
) -> None:
    said = said_to(command, str(access), "g-06534014")

    assert all(name in said for name in ("g-06534014", "g-06531005", access.name))


@pytest.mark.parametrize("command", LANGUAGES)
def test_a_file_that_is_not_there_is_named(command: list[str], access: Path) -> None:
    assert "nobody.json" in said_to(command, str(access.with_name("nobody.json")), "g-06531005")


@pytest.mark.parametrize("command", LANGUAGES)
def test_without_any_argument_the_usage_is_shown(command: list[str]) -> None:
    assert "authority." in said_to(command)


@pytest.mark.parametrize("command", [*PLATFORMS, AUDITOR])
def test_whoever_has_started_no_stack_is_told_how_one_is_started(command: list[str], tmp_path: Path) -> None:
    case = ["AW-2026-0001"] if command[1].endswith("look.py") else []
    said = said_to(command, str(tmp_path / "stack.json"), *case)

    assert "stack.json" in said
    assert "`make up`" in said


@pytest.mark.parametrize("command", PLATFORMS)
def test_a_stack_that_has_ended_is_told_as_one_that_cannot_be_reached(
    command: list[str], tmp_path: Path
) -> None:
    stack = tmp_path / "stack.json"
    client = {"clientId": "landesplattform", "secret": "secret"}
    stack.write_text(
        json.dumps({"urls": {"intake": "http://127.0.0.1:1"}, "clients": {"landesplattform": client}})
    )

    assert "http://127.0.0.1:1" in (said := said_to(command, str(stack), status=1))
    assert "cannot be reached" in said


@pytest.mark.parametrize("command", PLATFORMS)
@pytest.mark.parametrize("how", [*MISBEHAVING])
def test_an_intake_that_hangs_up_or_sends_elsewhere_is_told_in_a_line_and_gets_no_token_there(
    how: str, command: list[str], tmp_path: Path
) -> None:
    stack = tmp_path / "stack.json"
    client = {"clientId": "landesplattform", "secret": "secret"}
    told, expected = MISBEHAVING[how]

    with subprocess.Popen(
        [sys.executable, "-c", HANGS_UP.format(told=told)], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            intake = f"http://127.0.0.1:{server.stdout.readline().strip()}"
            stack.write_text(json.dumps({"urls": {"intake": intake}, "clients": {"landesplattform": client}}))
            said = said_to(command, str(stack), status=1)
        finally:
            server.kill()

    assert "stolen" not in said
    assert ":1/" not in said
    assert intake in said or not expected
    assert expected in said
