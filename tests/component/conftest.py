"""These tests need nothing running: a test that opens a connection fails."""

from collections.abc import Iterator

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def no_network() -> Iterator[None]:
    disable_socket(allow_unix_socket=True)  # the event loop wakes itself through one
    yield
    enable_socket()
