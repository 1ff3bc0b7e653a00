"""Every option and argument of every command that names a file, with a file that nobody expects there, and all else plausible."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from amtsweg.__main__ import build
from shared.bounded_files import LARGE
from tests.component.command.test_mistakes import LANGUAGES, NEVER, elsewhere, every_command
from tests.support.languages import foreign

pytestmark = pytest.mark.slow

__all__ = ["elsewhere"]

CASE = str(UUID(int=1))
AWAY = "postgresql://nobody@127.0.0.1:1/amtsweg"
PLAUSIBLE = {
    "--case": CASE,
    "--basis": "Art. 17 DSGVO",
    "--origin": "log.example/2026",
    "--successor-origin": "log.example/2027",
    "--purpose": "test",
    "--reference": "test-1",
    "--postgres-url": AWAY,
    "--url": "http://127.0.0.1:1",
    "--looks-before": "2026-01-01",
    "--dumps-kept": "30",
    "--on": "2026-01-01",
    "--service": "99050023005000",
    "--name": "Test",
    "--scope": "submissions.write",
    "--effective-from": "2027-01-01T00:00:00+01:00",
    "--reason": "test",
    "--selector": "s1",
    "--domain": "example.org",
    "--client": "c1",
    "--authorities": "g-06531005",
    "authority": "g-06531005",
    "client": "c1",
    "messages": CASE,
    "version": "abc",
    "proposal": "p-1",
}
"""Values with which a call goes on until it comes to its file."""


WRITTEN = {"--output", "--out", "--to", "--report"}
"""What a command writes; `test_outputs` has them."""

SLOW = {"resolve", "directory"}
SLOWLY_TRIED = ("binary", "nested", "endless")
"""What commands that load a directory first are called with."""


@pytest.fixture
def hostile(elsewhere: Path) -> dict[str, Path]:
    """Files by what is the matter with them."""
    texts = {
        "binary": bytes(range(256)),
        "no JSON": b'{"a": ',
        "a list": b"[1, 2]",
        "nested": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        "doubled": b'{"kty": "RSA", "kty": "EC"}',
        "with mark and returns": b'\xef\xbb\xbf{\r\n"kty": "EC"\r\n}\r\n',
        "ringing": b'{"\\u001b[31mkty": 1}',
        "PEM": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    }
    files = {}
    for number, (name, content) in enumerate(texts.items()):
        files[name] = elsewhere / f"hostile-{number}"
        files[name].write_bytes(content)
    files["endless"] = elsewhere / "endless"
    with files["endless"].open("wb") as file:
        file.truncate(LARGE + 1)  # takes no room
    files["a loop"] = elsewhere / "loop"
    files["a loop"].symlink_to(files["a loop"])
    files["no file name"] = Path(os.fsdecode(b"\xff\xfe"))
    return files


def names_a_file(parameter: Any) -> bool:
    return "Path" in str(getattr(getattr(parameter, "type_descriptor", None), "annotation", ""))


def _places() -> Iterator[Any]:
    for words, command in every_command().items():
        if words not in NEVER:
            for parameter in filter(names_a_file, command.params):
                if parameter.opts[0] in WRITTEN:
                    continue
                yield pytest.param(words, parameter.opts[0], id=f"{' '.join(words)} {parameter.opts[0]}")


def _call(words: tuple[str, ...], place: str, file: Path, other: Path) -> list[str]:
    call: list[str] = []
    for parameter in every_command()[words].params:
        name = parameter.opts[0]
        value = PLAUSIBLE.get(name)
        if name == place:
            value = str(file)
        elif parameter.required and names_a_file(parameter):
            value = str(other)
        if value is not None:
            call = [value, *call] if parameter.param_type_name == "argument" else [*call, name, value]
    return call


@pytest.mark.parametrize(("words", "place"), [*_places()])
def test_a_file_that_nobody_expects_is_answered_with_a_sentence(
    words: tuple[str, ...], place: str, hostile: dict[str, Path]
) -> None:
    application = build([words[0]])
    matters = SLOWLY_TRIED if words[0] in SLOW else hostile
    for number, (matter, file) in enumerate((name, hostile[name]) for name in matters):
        spoken = LANGUAGES[number % 2]
        call = [*words, *_call(words, place, file, hostile["PEM"]), "--lang", spoken]
        told = CliRunner().invoke(application, call)

        if isinstance(told.exception, UserWarning) and "socket" in str(told.exception):
            continue  # past the file, and asked a server; there is none in these tests
        assert told.exception is None or isinstance(told.exception, SystemExit), (matter, told.exception)
        assert told.exit_code in {0, 1, 2, 3}, (matter, call)
        assert "\x1b" not in told.output
        if told.exit_code:
            assert told.output.strip(), f"{call} says nothing"
            assert not foreign(told.stderr, spoken=spoken), told.stderr


def test_a_command_that_reads_a_file_names_it(hostile: dict[str, Path]) -> None:
    assert hostile["endless"].stat().st_size > LARGE
    call = ["audit", "close", "--origin", "o", "--postgres-url", AWAY, "--password-file"]
    for matter, german in {"binary": "Text in UTF-8", "endless": "größer", "a loop": "Verknüpfung"}.items():
        told = CliRunner().invoke(build(["audit"]), [*call, str(hostile[matter]), "--lang", "de"])
        assert told.exit_code == 2
        assert str(hostile[matter]) in told.stderr
        assert german in told.stderr
