"""Calls that come in while one is under way go together in the next: one statement and one commit for many requests."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Final, Generic, TypeVar

from shared.errors import Unavailable

T = TypeVar("T")
R = TypeVar("R")

_MOST: Final = 200


class GatheredCalls(Generic[T, R]):
    """Does ``work`` for many at once, without waiting for company: who comes alone goes alone.

    ``work`` returns a result for each item, in their order, or raises and has done nothing. Where it is unavailable, each of
    them is told; for any other failure each is tried alone, so that one of them cannot harm the rest. Of two items with the same
    ``key`` the second goes in a later round, so that it meets what the first has left. A caller that is cancelled
    stops waiting; its item may be worked on all the same, as a statement that is on its way may be.
    """

    def __init__(
        self,
        work: Callable[[Sequence[T]], Awaitable[Sequence[R]]],
        *,
        key: Callable[[T], Hashable],
        most: int = _MOST,
    ) -> None:
        self._work = work
        self._key = key
        self._most = most
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._working: asyncio.Task[None] | None = None

    async def __call__(self, item: T) -> R:
        """The result for this item."""
        done: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._working is None:
            self._working = asyncio.create_task(self._rounds())
        return await done

    async def _rounds(self) -> None:
        try:
            while self._waiting:
                if chosen := self._next():
                    await self._round(chosen)
        finally:
            self._working = None
            while self._waiting:  # only where this task was cancelled
                self._waiting.popleft()[1].cancel()

    def _next(self) -> list[tuple[T, asyncio.Future[R]]]:
        """Those that came first, each key once; nobody is worked on who does not wait any more."""
        chosen, left = dict[Hashable, tuple[T, asyncio.Future[R]]](), deque[tuple[T, asyncio.Future[R]]]()
        while self._waiting and len(chosen) < self._most:
            item, done = self._waiting.popleft()
            if done.done():
                continue
            if (key := self._key(item)) in chosen:
                left.append((item, done))
            else:
                chosen[key] = item, done
        self._waiting.extendleft(reversed(left))
        return [*chosen.values()]

    async def _round(self, chosen: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            results = await self._work([item for item, _ in chosen])
        except asyncio.CancelledError:
            for _, done in chosen:
                done.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - each caller is told, and decides
            if len(chosen) > 1 and not isinstance(error, Unavailable):
                await self._one_by_one(chosen)
                return
            for _, done in chosen:
                if not done.done():
                    done.set_exception(error)
            return
        for (_, done), result in zip(chosen, results, strict=True):
            if not done.done():
                done.set_result(result)

    async def _one_by_one(self, chosen: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            for each in chosen:
                await self._round([each])
        finally:
            for _, done in chosen:
                done.cancel()  # only where this task was cancelled
