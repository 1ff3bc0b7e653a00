"""A checkpoint that is not renewed rings."""

import os
import time
from pathlib import Path

import pytest

from services.audit.adapters.tile_folder import TileFolder
from shared.telemetry.metrics import Telemetry
from tests.support.alarms import rings


@pytest.mark.parametrize(
    ("seconds", "rung"), [(1000, True), (10, False), (None, True)], ids=["old", "new", "none"]
)
def test_a_checkpoint_older_than_fifteen_minutes_rings(
    tmp_path: Path, seconds: int | None, *, rung: bool
) -> None:
    if seconds is not None:
        (tmp_path / "checkpoint").write_bytes(b"a checkpoint")
        then = time.time() - seconds
        os.utime(tmp_path / "checkpoint", (then, then))
    telemetry = Telemetry()
    telemetry.follow("checkpoint_age_seconds", TileFolder(tmp_path).checkpoint_age)

    assert rings("AmtswegNoCheckpoint", telemetry) is rung
