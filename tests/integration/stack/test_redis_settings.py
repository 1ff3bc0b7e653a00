"""Redis lets nobody in without the password that `amtsweg provision keys` has written for intake."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from redis import Redis
from redis.exceptions import RedisError

from amtsweg.stack import binaries, ports
from amtsweg.stack.redis_settings import redis_settings
from services.intake.adapters.rates import RedisRates


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    port = ports.free_port()
    settings = tmp_path / "redis.conf"
    settings.write_text(redis_settings(password="geheim", certificates=None, port=port))
    process = subprocess.Popen(
        [str(binaries.redis_server()), str(settings)], cwd=tmp_path, stdout=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while not ports.answers(port) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(20)


async def test_requests_are_counted_only_with_the_password(port: int) -> None:
    url = f"redis://127.0.0.1:{port}/0"
    with pytest.raises(RedisError, match="authenticate"):
        Redis.from_url(url).ping()
    for password, counted in (("geheim", True), ("falsch", False), (None, False)):
        rates = RedisRates(url, password=password, limit=5)
        assert (await rates.count("client") is not None) is counted
        await rates.close()


def test_in_a_container_only_tls_is_spoken_and_the_password_stands_in_the_file() -> None:
    text = redis_settings(password="geheim", certificates=PurePosixPath("/run/amtsweg"))
    assert "port 0\ntls-port 6379\n" in text
    assert "requirepass geheim\n" in text
