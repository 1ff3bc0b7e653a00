"""A process is known by its id and its start; what has ended, or is somebody else now, is not ended again."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from amtsweg.stack import pidfiles


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_a_recorded_process_is_found(tmp_path: Path) -> None:
    pidfiles.record(tmp_path, "us", pid=os.getpid())
    found = pidfiles.recorded(tmp_path, "us")
    assert found is not None
    assert found.pid == os.getpid()


def test_a_process_id_that_is_used_again_is_not_taken_for_the_old_process(tmp_path: Path) -> None:
    pidfiles.record(tmp_path, "us", pid=os.getpid())
    path = tmp_path / "us.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"started": 1.0}))
    assert pidfiles.recorded(tmp_path, "us") is None


def test_half_a_record_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "us.json").write_text('{"pid": 1')
    assert pidfiles.recorded(tmp_path, "us") is None


def test_orphans_are_ended_and_forgotten(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    pidfiles.record(tmp_path, "sleeper", pid=sleeper.pid)
    assert pidfiles.end_orphans(tmp_path) == ["sleeper"]
    assert sleeper.poll() is not None
    assert pidfiles.names(tmp_path) == []


def test_what_ended_by_itself_is_only_forgotten(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    pidfiles.record(tmp_path, "sleeper", pid=sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    assert pidfiles.end_orphans(tmp_path) == []
    assert pidfiles.names(tmp_path) == []
