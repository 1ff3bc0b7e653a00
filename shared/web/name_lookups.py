"""From names to addresses, where a stranger's name server decides how long that takes.

A lookup cannot be broken off. So it has a thread that nothing else waits for, and a party has few of them: neither other
parties, nor the threads that the process works in, nor its end wait for a name server that says nothing.
"""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from typing import Final

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The IP addresses of a host, for a port."""

MOST_AT_ONCE: Final = 2
"""Lookups of one party; one that is given up counts until it has come to its end."""


class NameLookups:
    """The lookups of one party, a few at a time."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._free = asyncio.Semaphore(MOST_AT_ONCE)

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses; whoever stops waiting leaves the lookup to end by itself.

        Raises:
            OSError: the name has none, or cannot be asked for.
        """
        await self._free.acquire()
        asking = asyncio.ensure_future(self._resolve(host, port))
        asking.add_done_callback(self._ended)
        return await asyncio.shield(asking)

    def _ended(self, asking: "asyncio.Future[Sequence[str]]") -> None:
        self._free.release()
        if not asking.cancelled():
            asking.exception()  # perhaps nobody waits for it any more


async def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses that the machine's resolver finds."""
    found: Future[Sequence[str]] = Future()
    found.set_running_or_notify_cancel()  # from here on nobody cancels it, however long it takes
    threading.Thread(target=_look_up, args=(host.strip("[]"), port, found), daemon=True).start()
    return await asyncio.wrap_future(found)


def _look_up(host: str, port: int, found: "Future[Sequence[str]]") -> None:
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except Exception as error:  # noqa: BLE001 - it belongs to whoever waits
        found.set_exception(error)
    else:
        found.set_result(list(dict.fromkeys(str(address[0]) for *_, address in entries)))
