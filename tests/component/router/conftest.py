"""The router in memory, before anything has come to it."""

from pathlib import Path

import pytest

from tests.support.routing import RouterInMemory


@pytest.fixture
def router(tmp_path: Path) -> RouterInMemory:
    return RouterInMemory(tmp_path)
