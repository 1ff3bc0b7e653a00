"""One folder for the stacks that are started by command: what the first has set up, the others find."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from amtsweg.stack import supervisor

_VAR = Path(__file__).parents[2] / "var" / "tests"


@pytest.fixture(scope="session")
def shared_var() -> Path:
    return _VAR / f"stack-{os.getpid()}"


@pytest.fixture(scope="module")
def var(shared_var: Path) -> Iterator[Path]:
    """In place of `var`, where a stack of the reader's own may be running; nothing runs there after a module."""
    yield shared_var
    supervisor.stop(shared_var)
