"""A confirmation looks at the position again once it is alone with it, and moves it only forward; a replay only back."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer

from services.router.adapters.inboxes import KafkaInboxes
from services.router.domain.cases.inbox import BadCursor
from shared.kafka.client import KafkaAddress
from shared.telemetry.health import Condition

ONE, OTHER = "g-06531005", "g-06631009"
END = 10


class InboxesInMemory(KafkaInboxes):
    """Positions without Kafka; ``meanwhile`` happens while it waits to be alone with them."""

    def __init__(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        super().__init__(cast("KafkaAddress", None), moving=self._alone, condition=Condition())
        self.places = {ONE: 3, OTHER: 3}
        self.waited_for: list[Collection[str]] = []
        self._meanwhile = meanwhile

    @asynccontextmanager
    async def _alone(self, authorities: Collection[str]) -> AsyncIterator[None]:
        self.waited_for.append(sorted(authorities))
        self._meanwhile()
        yield

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


async def test_what_another_process_has_confirmed_meanwhile_is_not_undone() -> None:
    inboxes = InboxesInMemory(lambda: inboxes.places.update({ONE: 8}))
    await inboxes.commit({ONE: 5, OTHER: 6})
    assert inboxes.places == {ONE: 8, OTHER: 6}
    assert inboxes.waited_for == [[ONE, OTHER]]


async def test_what_moves_nothing_waits_for_nobody() -> None:
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
