"""A process of ours as a child process."""

import sys
from collections.abc import Mapping
from pathlib import Path

from amtsweg.stack.parts import Command
from amtsweg.stack.services import PROCESSES
from amtsweg.stack.tended import Tended

# What tells of a submission gives way to what carries it.
_LATER = {"notifier", "audit"}
_PATIENT = 10


class Service(Tended):
    """One of `PROCESSES`, told nothing of ours but `environment`."""

    health = "/health/ready"

    def __init__(self, name: str, *, var: Path, environment: Mapping[str, str], port: int) -> None:
        super().__init__(name, var=var, port=port)
        self.niceness = _PATIENT if name in _LATER else 0
        self._environment = environment

    def command(self) -> Command:
        return Command(arguments=[sys.executable, "-m", PROCESSES[self.name]], environment=self._environment)
