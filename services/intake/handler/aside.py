"""Work on large contents in a thread: reading, sealing and serialising a megabyte takes up to a third of a second.

Meanwhile the event loop serves other requests. Small contents are processed directly, because a thread costs more.
"""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

LARGE: Final = 64 * 1024
"""Contents of at least so many bytes are processed in a thread."""


async def aside(work: Callable[[], T], *, size: int) -> T:
    """Return the result of the work, which runs in a thread if its content is large; ``size`` is in bytes."""
    return await asyncio.to_thread(work) if size >= LARGE else work()
