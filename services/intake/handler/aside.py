"""Work on large contents in a thread: reading, sealing and writing a megabyte takes up to a third of a second.

Meanwhile the event loop answers everybody else. Small contents are done at once, since a thread costs more than they do.
"""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

LARGE: Final = 64 * 1024
"""Bytes from which on a content is worked on in a thread."""


async def aside(work: Callable[[], T], *, size: int) -> T:
    """Do the work, in a thread where its content has so many bytes; raises what the work raises."""
    return await asyncio.to_thread(work) if size >= LARGE else work()
