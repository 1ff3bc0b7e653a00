"""Processor work on large contents runs in a thread, so that the event loop serves others meanwhile.

Whoever awaits the result goes on after it: the order of what one task does stays as it was. Small contents are processed
in the event loop, because a thread costs more than they do.
"""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

LARGE: Final = 64 * 1024
"""Contents of at least so many bytes are processed in a thread: from about a megabyte on it takes more than 5 ms."""


async def offload(work: Callable[[], T], *, size: int) -> T:
    """Return the result of the work, which runs in a thread if its content is large; ``size`` is in bytes."""
    return await asyncio.to_thread(work) if size >= LARGE else work()
