"""Moves the positions of inboxes: look, decide, note, move, by one process of the doors at a time.

Kafka cannot look and move at once, and PostgreSQL lets go of a process that freezes in between: another one may move
before it wakes up. So the move is noted on PostgreSQL right before it is made, which fails where the turn is lost. If a process
freezes even behind that, it learns that its turn was lost as soon as it has moved, and puts right what it has undone.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, NamedTuple, Protocol

import structlog
from aiokafka.errors import KafkaError

from services.router.domain.cases.inbox import ConsumerInGroup
from shared.backoff import Backoff
from shared.errors import Unavailable
from shared.events.topics import AUTHORITY_INBOX

_ANSWER_SECONDS: Final = 8.0


class NotedMove(NamedTuple):
    """The last move of an inbox by the doors; ``number`` grows with each."""

    number: int
    place: int


class InboxTurn(Protocol):
    """What holds the positions, as long as it is not lost."""

    async def note(self, places: Mapping[str, int]) -> Mapping[str, int]:
        """Note the moves that come now; return their numbers. Raises ``Unavailable`` where the turn is lost."""

    async def noted(self, authorities: Collection[str]) -> Mapping[str, NotedMove]:
        """The last move of each that has ever been moved."""


Moving = Callable[[Collection[str]], AbstractAsyncContextManager[InboxTurn]]
"""Holds the positions of these inboxes; leaving the block raises ``Unavailable`` where they were not held to its end."""


class InboxPositions:
    """``committed`` asks Kafka for positions, ``commit`` moves one."""

    def __init__(
        self,
        moving: Moving,
        *,
        committed: Callable[[Sequence[str]], Awaitable[Mapping[str, int]]],
        commit: Callable[[str, int], Awaitable[None]],
    ) -> None:
        self._moving = moving
        self._committed = committed
        self._commit = commit
        self._repairs: set[asyncio.Task[None]] = set()

    async def move(
        self, authorities: Collection[str], decide: Callable[[Mapping[str, int]], Mapping[str, int]]
    ) -> Mapping[str, int]:
        """Move to where ``decide`` says that each should go, by where it is now; return that.

        Raises:
            ConsumerInGroup: the authority reads over Kafka now.
            Unavailable: Kafka or PostgreSQL is away; some may have been moved.
        """
        done: dict[str, int] = {}
        numbers: Mapping[str, int] = {}
        failure: Exception | None = None
        try:
            async with self._moving(authorities) as turn:
                try:
                    async with in_time():
                        places = decide(await self._committed(list(authorities)))
                        numbers = await turn.note(places) if places else {}
                        for authority, place in places.items():
                            done[authority] = place
                            await self._commit(authority, place)
                except Exception as error:  # noqa: BLE001 - raised below; what has been moved stays noted
                    failure = error
        except Exception:
            if done:
                repair = asyncio.ensure_future(self._put_right(done, numbers))
                self._repairs.add(repair)
                repair.add_done_callback(self._repairs.discard)
            raise
        if failure is not None:
            raise failure
        return places

    async def _put_right(self, done: Mapping[str, int], numbers: Mapping[str, int]) -> None:
        """Others may have moved these between our look and our move: where theirs came first, it counts again."""
        log, pause = structlog.get_logger().bind(part="inboxes"), Backoff()
        while True:
            try:
                async with self._moving(done) as turn, in_time():
                    now = await self._committed(list(done))
                    for authority, last in (await turn.noted(done)).items():
                        undone = last.number >= numbers[authority] and now[authority] == done[authority]
                        if undone and last.place != done[authority]:
                            await self._commit(authority, last.place)
                            topic = AUTHORITY_INBOX.for_authority(authority)
                            log.warning("position put right", topic=topic, offset=last.place)
            except ConsumerInGroup:
                return  # the authority reads over Kafka and moves it itself
            except Unavailable as away:
                log.warning("position not put right yet", error=away, next=pause.next_seconds)
                await pause.sleep()
            else:
                return


@asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            yield
    except (KafkaError, TimeoutError) as away:
        raise Unavailable(f"Kafka: {type(away).__name__}; try again") from away
