"""The ends of inboxes and the positions of their groups; questions at the same time share one request to Kafka."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass

from shared.errors import Unavailable


@dataclass(frozen=True, slots=True)
class InboxHead:
    """The next place that the authority has not confirmed, and the place behind the last record."""

    committed: int
    end: int


AskHeads = Callable[[Collection[str]], Awaitable[Mapping[str, InboxHead]]]
"""One request for all of these; an inbox that is not there, or whose broker is away, is left out."""


class InboxHeads:
    """Hundreds that wait in long poll ask at once, and Kafka is asked once for all of them.

    An answer is never older than the question: who asks while a request is under way is answered by the next.
    """

    def __init__(self, ask: AskHeads) -> None:
        self._ask = ask
        self._wanted: set[str] = set()
        self._next: asyncio.Future[Mapping[str, InboxHead]] | None = None
        self._asking: asyncio.Task[None] | None = None

    async def of(self, authorities: Collection[str]) -> Mapping[str, InboxHead]:
        """Return their present state; inboxes that cannot be found are left out, as long as there are others.

        Raises:
            Unavailable: none of them can be found.
            KafkaError: Kafka has not told.
        """
        self._wanted.update(authorities)
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        waiting = self._next
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._answer())
        found = await asyncio.shield(waiting)
        heads = {each: found[each] for each in authorities if each in found}
        if not heads:
            raise Unavailable(f"{', '.join(sorted(authorities))}: no inbox can be found now; try again")
        return heads

    async def _answer(self) -> None:
        while (waiting := self._next) is not None:
            wanted, self._wanted, self._next = frozenset(self._wanted), set(), None
            try:
                waiting.set_result(await self._ask(wanted))
            except Exception as error:  # noqa: BLE001 - each of those who wait judges it
                waiting.set_exception(error)
                waiting.exception()  # they may all have gone meanwhile
            finally:
                waiting.cancel()
