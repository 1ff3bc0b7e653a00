"""Whoever asks at the same time is answered from one request, and never with an answer older than the question."""

import asyncio
from collections.abc import Collection, Mapping

import pytest

from services.router.adapters.inbox_heads import InboxHead, InboxHeads
from shared.errors import Unavailable

AUTHORITIES = [f"g-{number:08d}" for number in range(450)]


class Kafka:
    """Ends that grow with every request; ``gone`` are inboxes that are not there."""

    def __init__(self, *, gone: Collection[str] = ()) -> None:
        self.asked: list[Collection[str]] = []
        self.away = False
        self._gone = gone

    async def ask(self, authorities: Collection[str]) -> Mapping[str, InboxHead]:
        self.asked.append(authorities)
        end = len(self.asked)
        await asyncio.sleep(0)
        if self.away:
            raise TimeoutError
        return {each: InboxHead(committed=0, end=end) for each in authorities if each not in self._gone}


async def test_hundreds_that_ask_at_once_are_answered_from_one_request() -> None:
    kafka = Kafka()
    heads = InboxHeads(kafka.ask)
    found = await asyncio.gather(*(heads.of([each]) for each in AUTHORITIES))
    assert [list(each) for each in found] == [[each] for each in AUTHORITIES]
    assert len(kafka.asked) == 1


async def test_who_asks_while_a_request_is_under_way_gets_a_younger_answer() -> None:
    kafka = Kafka()
    heads = InboxHeads(kafka.ask)
    first = asyncio.ensure_future(heads.of(AUTHORITIES[:1]))
    while not kafka.asked:  # noqa: ASYNC110 - the fake says it
        await asyncio.sleep(0)
    second = await heads.of(AUTHORITIES[:2])
    assert (await first)[AUTHORITIES[0]].end == 1
    assert {head.end for head in second.values()} == {2}


async def test_an_inbox_that_is_not_there_holds_up_nobody_else() -> None:
    gone, there, *_ = AUTHORITIES
    heads = InboxHeads(Kafka(gone=[gone]).ask)
    alone, other, both = await asyncio.gather(
        heads.of([gone]), heads.of([there]), heads.of([gone, there]), return_exceptions=True
    )
    assert isinstance(alone, Unavailable)
    assert isinstance(other, dict)
    assert isinstance(both, dict)
    assert list(other) == list(both) == [there]


async def test_an_outage_is_reported_to_every_waiting_request_and_ends_with_the_next_one() -> None:
    kafka = Kafka()
    kafka.away = True
    heads = InboxHeads(kafka.ask)
    told = await asyncio.gather(*(heads.of([each]) for each in AUTHORITIES[:3]), return_exceptions=True)
    assert [type(each) for each in told] == [TimeoutError] * 3
    kafka.away = False
    assert await heads.of(AUTHORITIES[:1])


async def test_a_waiter_that_gives_up_cancels_no_other() -> None:
    heads = InboxHeads(Kafka().ask)
    impatient = asyncio.ensure_future(heads.of(AUTHORITIES[:1]))
    patient = asyncio.ensure_future(heads.of(AUTHORITIES[1:2]))
    await asyncio.sleep(0)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert await patient
