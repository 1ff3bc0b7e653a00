"""README's first screen and its submission by hand, typed as they stand there."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from amtsweg.stack import pidfiles
from amtsweg.stack.description import StackDescription
from amtsweg.stack.pidfiles import end_tree

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CASE = re.compile(r"\bcase ([0-9a-f-]{36})\b")


def typed(command: str, var: Path, **more: str) -> str:
    """What a shell prints for a command of README; PYTHON is the one that runs the tests."""
    run = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env={**os.environ, "AMTSWEG_VAR": str(var), "PYTHON": sys.executable, **more},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert run.returncode == 0, f"{command}\n{run.stdout}{run.stderr}"
    return run.stdout


def _is_proven(look: str, var: Path) -> None:
    """The log signs a checkpoint every half second, and its witnesses take their time on a busy machine."""
    deadline = time.monotonic() + 60
    while "proven" not in (told := typed(look, var)):
        assert time.monotonic() < deadline, told
        time.sleep(0.5)


def _shown(var: Path) -> list[str]:
    """The blocks of README's first screen: the demo, a submission by hand, the directory."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8").replace(" var/", f" {var}/")
    return _BLOCK.findall(readme)[:3]


@pytest.mark.timeout(420)
def test_the_demo_adds_up_and_the_directory_answers(var: Path) -> None:
    demo, _, resolve = _shown(var)
    report = var.with_suffix(".json")

    typed(demo, var, OPTIONS=f"--submissions 60 --report {report}")

    assert json.loads(report.read_text())["addsUp"]
    assert "Magistrat der Stadt Gießen" in typed(resolve, var)


@pytest.mark.long
@pytest.mark.timeout(420)
def test_a_submission_by_hand_is_decided_and_proven_and_nothing_is_left_running(var: Path) -> None:
    up, authority, submit, look, down = _shown(var)[1].splitlines()
    typed(up, var)
    # The authority of the sample runs until it is ended; its output must not keep the shell's pipe open.
    shell = typed(f"({authority.partition('&')[0]}) >{var}/authority.log 2>&1 & echo $!", var)
    try:
        told = typed(submit, var)
        found = _CASE.search(told)
        assert found, told
        assert "the same receipt" in told
        assert "Entschieden" in told
        _is_proven(look.partition("#")[0].replace("CASE", found[1]), var)
    finally:
        end_tree(psutil.Process(int(shell)))
    alive = [p for name in pidfiles.names(var / "run") if (p := pidfiles.recorded(var / "run", name))]
    assert alive
    typed(down, var)
    assert not [p for p in alive if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    assert not StackDescription.path(var).exists()
