"""Closing a client ends within its time, whatever the client dies of."""

import asyncio
from types import SimpleNamespace

import pytest

from shared.kafka.client import close


class Client:
    """As much of an aiokafka client as is closed; ``hangs`` as long as its broker is away."""

    def __init__(self, error: BaseException | None = None, *, hangs: bool = False) -> None:
        self._error = error
        self._hangs = hangs
        self._client = SimpleNamespace(_conns={})
        self._fetcher = Background()

    async def stop(self) -> None:
        if self._hangs:
            await asyncio.Event().wait()
        if self._error is not None:
            raise self._error


class Background:
    async def routine(self) -> None:
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    "client",
    [Client(), Client(asyncio.CancelledError()), Client(RuntimeError("died earlier")), Client(hangs=True)],
    ids=["in order", "cancelled by itself", "died earlier", "hangs"],
)
async def test_a_client_is_closed_and_none_of_its_tasks_is_left(client: Client) -> None:
    task = asyncio.ensure_future(client._fetcher.routine())
    other = asyncio.ensure_future(Background().routine())
    await asyncio.sleep(0)
    await asyncio.wait_for(close(client, seconds=0.01), 5)
    assert task.cancelled()
    assert not other.done()
    other.cancel()
