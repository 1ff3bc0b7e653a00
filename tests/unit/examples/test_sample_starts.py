"""Whoever starts a sample the wrong way is told what to put right, in a line and not in a stack trace."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def intake_that_tells(told: bytes, stack: Path) -> Iterator[str]:
    """An intake that answers every request with these bytes and hangs up; the file names it."""
    client = {"clientId": "landesplattform", "secret": "secret"}
    with subprocess.Popen(
        [sys.executable, "-c", HANGS_UP.format(told=told)], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            intake = f"http://127.0.0.1:{server.stdout.readline().strip()}"
            stack.write_text(json.dumps({"urls": {"intake": intake}, "clients": {"landesplattform": client}}))
            yield intake
        finally:
            server.kill()


def answer(status: bytes, document: object) -> bytes:
    body = json.dumps(document).encode()
    return b"HTTP/1.1 %b\r\n%bContent-Length: %d\r\n\r\n%b" % (status, JSON, len(body), body)


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
    told, expected = MISBEHAVING[how]

    with intake_that_tells(told, stack) as intake:
        said = said_to(command, str(stack), status=1)

    assert "stolen" not in said
    assert ":1/" not in said
    assert intake in said or not expected
    assert expected in said


@pytest.mark.parametrize("command", PLATFORMS)
def test_a_refusal_names_each_place_that_is_to_be_mended(command: list[str], tmp_path: Path) -> None:
    refusal = {"title": "Malformed", "detail": "Malformed.", "resolution": "Mend the places."}
    places = [{"at": "/place/town", "field": "place", "message": "holds half a character"}]
    told = answer(b"422 Unprocessable Content", refusal | {"errors": places})

    with intake_that_tells(told, stack := tmp_path / "stack.json"):
        said = said_to(command, str(stack), status=1)

    assert "Mend the places." in said
    assert "/place/town: holds half a character" in said


def test_a_history_is_shown_on_a_terminal_that_lacks_its_letters(tmp_path: Path) -> None:
    line = {
        "eventId": "1",
        "at": "2026-11-28T22:20:04Z",
        "code": "parked",
        "text": "An die zuständige Stelle",
    }
    receipt = {"receiptNumber": "AW-1", "receivedAt": line["at"], "caseId": "1", "links": {"history": "/"}}
    told = answer(b"200 OK", {"access_token": "token", **receipt, "events": [line]})

    with intake_that_tells(told, stack := tmp_path / "stack.json"):
        ran = subprocess.run(
            [sys.executable, str(FOLDER.parent / "platform/submit.py"), str(stack)],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
            timeout=120,
            check=False,
        )

    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"An die zust\\xe4ndige Stelle" in ran.stdout


def test_a_case_is_filed_as_utf_8_whatever_the_machine_prefers(tmp_path: Path) -> None:
    filing = "import sys, pathlib, authority; authority.file({'a': '\\u0160koda, Gie\\xdfen'}, pathlib.Path(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-c", filing, str(filed := tmp_path / "case.json")],
        cwd=FOLDER,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        timeout=120,
        check=True,
    )

    assert json.loads(filed.read_bytes()) == {"a": "Škoda, Gießen"}


def test_what_lies_aside_is_listed_on_a_terminal_that_lacks_its_letters(access: Path, tmp_path: Path) -> None:
    aside = tmp_path / "prüfung" / "g-06531005" / "beiseite" / "1.json"
    aside.parent.mkdir(parents=True)
    aside.write_bytes(b"{}")
    ran = subprocess.run(
        [sys.executable, "authority.py", str(access), "--laid-aside", "--folder", str(aside.parents[2])],
        cwd=FOLDER,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        timeout=120,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"pr\\xfcfung" in ran.stdout
