"""A process of ours as a child process."""

import sys
from collections.abc import Mapping
from pathlib import Path

from amtsweg.stack.process import Command
from amtsweg.stack.services import PROCESSES
from amtsweg.stack.supervised import SupervisedProcess
from shared.bounded_files import read_bounded_text

# What tells of a submission gives way to what carries it.
_LATER = {"notifier", "audit"}
_PATIENT = 10

CLOCK_AHEAD = "clock-ahead"
"""A file below the stack's folder: how far the clock of statutory periods is ahead, as ISO 8601."""


class ServiceProcess(SupervisedProcess):
    """One of `PROCESSES`, told nothing of ours but `environment`."""

    health = "/health/ready"

    def __init__(self, name: str, *, var: Path, environment: Mapping[str, str], port: int) -> None:
        super().__init__(name, var=var, port=port)
        self.niceness = _PATIENT if name in _LATER else 0
        self._environment = environment
        self._folder = var

    def command(self) -> Command:
        environment = {**self._environment, **_clock_ahead(self._folder)}
        return Command(arguments=[sys.executable, "-m", PROCESSES[self.name]], environment=environment)


def _clock_ahead(var: Path) -> Mapping[str, str]:
    """What a demonstration has written there, for the next start of a service."""
    file = var / CLOCK_AHEAD
    return {"AMTSWEG_CLOCK_AHEAD": read_bounded_text(file).strip()} if file.exists() else {}
