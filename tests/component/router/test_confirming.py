"""A confirmation looks at the position again once it is alone with it, and moves it only forward; a replay only back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer

from services.router.adapters.inbox_positions import InboxTurn, NotedMove
from services.router.adapters.inboxes import KafkaInboxes
from services.router.domain.cases.inbox import BadCursor
from shared.errors import Unavailable
from shared.kafka.client import KafkaAddress
from shared.telemetry.health import Condition

ONE, OTHER = "g-06531005", "g-06631009"
END = 10


class NoTurn:
    """Stands for a turn that is never lost."""

    async def note(self, places: Mapping[str, int]) -> Mapping[str, int]:
        return dict.fromkeys(places, 1)

    async def noted(self, authorities: Collection[str]) -> Mapping[str, NotedMove]:
        raise AssertionError(authorities)


class InboxesInMemory(KafkaInboxes):
    """Positions without Kafka; ``meanwhile`` happens while it waits to be alone with them."""

    def __init__(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        super().__init__(cast("KafkaAddress", None), moving=self._alone, condition=Condition())
        self.places = {ONE: 3, OTHER: 3}
        self.waited_for: list[Collection[str]] = []
        self._meanwhile = meanwhile

    @asynccontextmanager
    async def _alone(self, authorities: Collection[str]) -> AsyncIterator[InboxTurn]:
        self.waited_for.append(sorted(authorities))
        self._meanwhile()
        yield NoTurn()

    @asynccontextmanager
    async def _reading(self, authorities: Iterable[str]) -> AsyncIterator[AIOKafkaConsumer]:
        async def ends(tps: Sequence[Any]) -> dict[Any, int]:
            return dict.fromkeys(tps, END)

        async def at(times: dict[Any, int]) -> dict[Any, Any]:
            return {tp: SimpleNamespace(offset=place) for tp, place in times.items()}

        yield SimpleNamespace(end_offsets=ends, offsets_for_times=at)

    async def committed(self, authorities: Sequence[str]) -> dict[str, int]:
        return {each: self.places[each] for each in authorities}

    async def _commit(self, authority: str, place: int) -> None:
        self.places[authority] = place


async def test_a_confirmation_by_another_process_meanwhile_is_not_undone() -> None:
    inboxes = InboxesInMemory(lambda: inboxes.places.update({ONE: 8}))
    await inboxes.commit({ONE: 5, OTHER: 6})
    assert inboxes.places == {ONE: 8, OTHER: 6}
    assert inboxes.waited_for == [[ONE, OTHER]]


async def test_a_confirmation_that_moves_nothing_takes_no_turn() -> None:
    inboxes = InboxesInMemory()
    await inboxes.commit({ONE: 3, OTHER: 1})
    assert (inboxes.places, inboxes.waited_for) == ({ONE: 3, OTHER: 3}, [])


async def test_a_place_beyond_the_end_moves_nothing() -> None:
    inboxes = InboxesInMemory()
    with pytest.raises(BadCursor):
        await inboxes.commit({ONE: 5, OTHER: END + 1})
    assert inboxes.places == {ONE: 3, OTHER: 3}


@pytest.mark.parametrize(("to", "place"), [(1, 1), (5, 2)])
async def test_a_replay_never_moves_forward_also_where_another_process_moved_back(
    to: int, place: int
) -> None:
    inboxes = InboxesInMemory(lambda: inboxes.places.update({ONE: 2}))
    assert await inboxes.rewind(ONE, to_ms=to) == place
    assert inboxes.places[ONE] == place


class LostTurn(InboxesInMemory):
    """The first turn is lost right behind its note: another process moves, and only then this one does."""

    def __init__(self, *, other: int) -> None:
        super().__init__()
        self.moves = {ONE: NotedMove(number=1, place=3)}
        self.other = other
        self.lost = asyncio.Event()

    @asynccontextmanager
    async def _alone(self, authorities: Collection[str]) -> AsyncIterator[InboxTurn]:
        self.waited_for.append(sorted(authorities))
        yield self
        if not self.lost.is_set():
            self.lost.set()
            raise Unavailable("the connection was closed")

    async def note(self, places: Mapping[str, int]) -> Mapping[str, int]:
        """Its own note goes with its transaction; the other one's stays."""
        self.places[ONE] = self.other
        self.moves[ONE] = NotedMove(number=2, place=self.other)
        return dict.fromkeys(places, 2)

    async def noted(self, authorities: Collection[str]) -> Mapping[str, NotedMove]:
        return {each: self.moves[each] for each in authorities}


@pytest.mark.parametrize(
    "other", [8, 1], ids=["others have confirmed more", "others have asked for a replay"]
)
async def test_a_move_after_a_lost_turn_is_put_right_where_it_undid_another(other: int) -> None:
    inboxes = LostTurn(other=other)
    with pytest.raises(Unavailable, match="the connection was closed"):
        await inboxes.commit({ONE: 5})
    assert inboxes.places[ONE] == 5
    async with asyncio.timeout(10):
        while inboxes.places[ONE] != other:  # noqa: ASYNC110 - it is put right beside us
            await asyncio.sleep(0)
    assert inboxes.waited_for == [[ONE], [ONE]]


async def test_a_move_after_a_lost_turn_stays_where_it_undid_none() -> None:
    inboxes = LostTurn(other=5)
    with pytest.raises(Unavailable):
        await inboxes.commit({ONE: 5})
    await asyncio.gather(*inboxes._positions._repairs)
    assert inboxes.places[ONE] == 5
