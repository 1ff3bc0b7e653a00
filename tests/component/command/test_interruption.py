"""Ctrl-C ends a command with one sentence, no traceback, and nothing half written."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import typer

from amtsweg.interruption import if_interrupted, ordering, stopped
from shared.whole_folder import whole_folder

pytestmark = pytest.mark.slow


@pytest.fixture
def _heard() -> Iterator[None]:
    """A shell starts what runs in the background with SIGINT ignored, and every child inherits that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("_heard")
@pytest.mark.parametrize(("lang", "said"), [("de", "Abgebrochen."), ("en", "Interrupted.")])
def test_a_command_that_is_interrupted_says_one_sentence(lang: str, said: str, tmp_path: Path) -> None:
    """The command reads its batch from a pipe into which nobody writes, so it certainly waits."""
    pipe = tmp_path / "inquiries.jsonl"
    os.mkfifo(pipe)
    command = ["resolve", "--offline", "--batch", str(pipe), "--lang", lang]
    process = subprocess.Popen(
        [sys.executable, "-m", "amtsweg", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    try:
        writer = os.open(pipe, os.O_WRONLY)  # returns when the command has opened the pipe
        while psutil.Process(process.pid).status() == psutil.STATUS_RUNNING:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        os.close(writer)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == said
    assert "Traceback" not in err


def test_the_innermost_words_are_said_and_only_they(capsys: pytest.CaptureFixture[str]) -> None:
    with (
        pytest.raises(typer.Exit) as ended,
        if_interrupted(stopped),
        ordering("amtsweg parked list"),
    ):
        raise KeyboardInterrupt
    told = capsys.readouterr().err.strip()
    assert ended.value.exit_code == 130
    assert "amtsweg parked list" in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("broken", [KeyboardInterrupt, OSError])
def test_an_interrupted_folder_is_not_there_and_can_be_written_again(
    broken: type[BaseException], tmp_path: Path
) -> None:
    target = tmp_path / "export"

    def half() -> None:
        with whole_folder(target) as new:
            (new / "half").write_text("x")
            raise broken

    with pytest.raises(broken):
        half()
    assert list(tmp_path.iterdir()) == []

    with whole_folder(target) as new:
        (new / "whole").write_text("x")
    assert [path.name for path in target.iterdir()] == ["whole"]
    with pytest.raises(FileExistsError, match="export"), whole_folder(target):
        pass


def test_what_a_killed_process_has_left_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / ".export.unfinished").mkdir()
    (tmp_path / ".export.unfinished" / "old").write_text("x")
    with whole_folder(tmp_path / "export") as new:
        (new / "whole").write_text("x")
    assert [path.name for path in (tmp_path / "export").iterdir()] == ["whole"]
