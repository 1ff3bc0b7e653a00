"""A statutory period that ends in silence, on the whole stack with a clock that is set ahead."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from amtsweg.stack import supervisor
from amtsweg.stack.service import CLOCK_AHEAD

_VAR = Path(__file__).parents[2] / "var" / "tests"


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_period_ends_in_silence_and_everyone_is_told_once() -> None:
    var = _VAR / f"silence-{os.getpid()}"
    try:
        done = subprocess.run(
            [sys.executable, "-m", "amtsweg", "demo", "--submissions", "12", "--silence"],
            env=os.environ | {"AMTSWEG_VAR": str(var)},
            capture_output=True,
            text=True,
            timeout=800,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Jeder hat es erfahren." in done.stdout
        assert "CaseDeemedApproved" in done.stdout
        assert "gingen sie als Brief hinaus" in done.stdout
        assert len(list((var / "letters").glob("*.pdf"))) == 2
        assert not (var / CLOCK_AHEAD).exists()
    finally:
        supervisor.stop(var)
