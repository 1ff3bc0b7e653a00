"""A broker that a test may kill."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from amtsweg.stack import ports
from amtsweg.stack.kafka import Kafka


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Kafka]:
    """One whose metadata have no snapshot yet: at a start it reads all changes since the first."""
    broker = Kafka(tmp_path, port=ports.free_port(), controller_port=ports.free_port(), heap_mb=384)
    broker.start()
    yield broker
    broker.kill()
