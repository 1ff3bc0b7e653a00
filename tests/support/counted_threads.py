"""How often the event loop hands work to a thread."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any


class CountedThreads(ThreadPoolExecutor):
    """The threads of an event loop; ``given`` is how often one of them was given work."""

    given = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        self.given += 1
        return super().submit(fn, *args, **kwargs)


@contextmanager
def counted_threads() -> Iterator[CountedThreads]:
    """The running loop uses these from now on."""
    with CountedThreads(max_workers=2) as threads:
        asyncio.get_running_loop().set_default_executor(threads)
        yield threads
