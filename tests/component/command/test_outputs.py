"""What a call writes never takes the place of what is there, whichever command writes it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from amtsweg.__main__ import build
from amtsweg.key_file import key_file
from amtsweg.new_file import require_free, write_new
from tests.component.command.test_mistakes import LANGUAGES, elsewhere, every_command
from tests.component.command.test_named_files import PLAUSIBLE, WRITTEN, names_a_file
from tests.support.languages import foreign

pytestmark = pytest.mark.slow

__all__ = ["elsewhere"]

_FOLDERS_WRITTEN = {
    ("directory", "export", "folder"),
    ("directory", "archive", "folder"),  # adds to it what is not there
    ("directory", "compile", "--target"),  # is compiled anew, with its manifest as the sign that it is one
    ("provision", "keys", "--folder"),  # keeps every key that is there
    ("provision", "servers", "--folder"),
    ("audit", "rebuild-tiles", "--tiles"),  # compares what is there byte for byte
}
"""Commands that write a folder by rules of their own, with the tests of these rules beside them."""


def _outputs() -> Iterator[Any]:
    for words, command in every_command().items():
        for parameter in filter(names_a_file, command.params):
            if parameter.opts[0] in WRITTEN:
                yield pytest.param(words, parameter.opts[0], id=" ".join((*words, parameter.opts[0])))


def _call(words: tuple[str, ...], place: str, taken: Path, key: Path) -> list[str]:
    call: list[str] = []
    for parameter in every_command()[words].params:
        name = parameter.opts[0]
        value = str(taken) if name == place else {"--key": str(key)}.get(name, PLAUSIBLE.get(name))
        if value is not None:
            call = [value, *call] if parameter.param_type_name == "argument" else [*call, name, value]
    return call


@pytest.mark.parametrize(("words", "place"), [*_outputs()])
def test_an_existing_output_file_stays(words: tuple[str, ...], place: str, elsewhere: Path) -> None:
    taken, link = elsewhere / "taken", elsewhere / "link"
    taken.write_bytes(b"somebody's work")
    link.symlink_to(elsewhere / "nowhere")
    for number, path in enumerate((taken, elsewhere / "folder", link)):
        spoken = LANGUAGES[number % 2]
        call = [*words, *_call(words, place, path, elsewhere / "broken.json"), "--lang", spoken]
        told = CliRunner().invoke(build([words[0]]), call)

        assert told.exit_code == 2, (call, told.output)
        assert str(path) in told.stderr.replace("\n", "")
        assert not foreign(told.stderr, spoken=spoken), told.stderr
    assert taken.read_bytes() == b"somebody's work"
    assert link.is_symlink()
    assert not (elsewhere / "nowhere").exists()


def test_every_output_is_among_them() -> None:
    named = {
        (*words, parameter.opts[0])
        for words, command in every_command().items()
        for parameter in filter(names_a_file, command.params)
    }
    assert named >= _FOLDERS_WRITTEN
    assert {part[-1] for part in named} >= WRITTEN


def test_a_new_file_is_its_owners_where_it_is_private(tmp_path: Path) -> None:
    write_new(tmp_path / "new" / "key", b"secret", private=True)
    assert (tmp_path / "new" / "key").stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "new" / "key", b"another")


_KILLED = """
import os, signal
from pathlib import Path
from amtsweg import new_file

class File:
    def __init__(self, number, mode):
        self.file = open(number, mode)
    def __enter__(self):
        return self
    def __exit__(self, *_):
        pass
    def write(self, content):
        self.file.write(content[:3])
        self.file.flush()
        os.kill(os.getpid(), signal.SIGKILL)

new_file.os.fdopen = File
new_file.write_new(Path({path!r}), b"all of it")
"""


def test_a_call_that_was_killed_while_it_wrote_does_not_stand_in_the_way_of_the_next(tmp_path: Path) -> None:
    path = tmp_path / "bill.txt"
    killed = subprocess.run([sys.executable, "-c", _KILLED.format(path=str(path))], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not path.exists()
    write_new(path, b"all of it")
    assert path.read_bytes() == b"all of it"
    assert [*tmp_path.iterdir()] == [path]


_OVERTAKEN = """
import os
from pathlib import Path
from amtsweg import new_file

path, opened = Path({path!r}), os.fdopen

def overtaken(number, mode):
    new_file.os.fdopen = opened
    (beside,) = path.parent.iterdir()
    beside.unlink()
    beside.write_bytes(b"ano")
    return opened(number, mode)

new_file.os.fdopen = overtaken
new_file.write_new(path, b"all of it")
"""


def test_of_two_calls_at_once_neither_takes_the_file_of_the_other_for_its_own(tmp_path: Path) -> None:
    path = tmp_path / "bill.txt"
    called = subprocess.run(
        [sys.executable, "-c", _OVERTAKEN.format(path=str(path))], check=False, capture_output=True, text=True
    )
    assert f"another call is writing it: '{path}'" in called.stderr
    assert not path.exists()


def test_a_terminal_and_a_pipe_are_written_to() -> None:
    require_free(Path("/dev/null"))
    write_new(Path("/dev/null"), b"nothing kept")


def test_a_key_file_is_not_begun_where_the_name_is_taken(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("before")
    with pytest.raises(FileExistsError):
        key_file("g-06531005", key=tmp_path / "missing", output=tmp_path / "out", password_file=None)
