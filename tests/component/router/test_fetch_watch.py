"""What a person has opened is told to the router; while it cannot be told, the page goes on, and it is told the next time."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

import pytest

from services.router.adapters.fetch_watch import FetchWatch
from services.router.adapters.held_cases import HeldCases
from services.router.adapters.inboxes import KafkaInboxes
from services.router.adapters.postgres.fetch_places import PostgresFetchPlaces
from services.router.domain.cases.custody import Holding
from services.router.domain.cases.inbox import InboxPage, InboxRecord
from shared.errors import Unavailable
from shared.events import ids
from shared.events.case import DeliveryFetched
from shared.events.envelope import event_type
from shared.events.submission import SubmissionDelivered
from shared.postgres.leader import Lease
from shared.telemetry.health import Health
from tests.support.doors import DoorsInMemory
from tests.support.events import GIESSEN, SUBMISSION_ID
from tests.support.routing import event_of

CASE = ids.case_id(SUBMISSION_ID)
DELIVERY = UUID("7d0a7d52-6f0d-4d8c-9f43-6a8f2f3b9c11")


@pytest.fixture
def doors() -> DoorsInMemory:
    doors = DoorsInMemory()
    doors.hold(CASE)
    return doors


@pytest.fixture
def watch(doors: DoorsInMemory) -> FetchWatch:
    return FetchWatch(
        lease=cast("Lease", None),
        places=cast("PostgresFetchPlaces", None),
        inboxes=cast("KafkaInboxes", None),
        custody=cast("HeldCases", doors.custody),
        bus=doors,
        condition=Health().part("fetched"),
    )


def record() -> InboxRecord:
    headers = {
        "ce_id": str(DELIVERY),
        "ce_caseid": str(CASE),
        "ce_submissionid": str(SUBMISSION_ID),
        "ce_type": event_type(SubmissionDelivered),
    }
    return InboxRecord(
        authority=GIESSEN,
        offset=0,
        headers=tuple((name, told.encode()) for name, told in headers.items()),
        value=b"{}",
        written_ms=0,
    )


async def test_after_an_outage_a_fetch_is_reported_once_at_the_next_opening(
    doors: DoorsInMemory, watch: FetchWatch
) -> None:
    doors.away = True
    await watch.opened([record()])
    assert doors.sent == []

    doors.away = False
    await watch.opened([record()])
    (told,) = [event_of(message) for message in doors.sent]
    assert isinstance(told.data, DeliveryFetched)
    assert (told.data.authority, told.data.delivery_id) == (GIESSEN, DELIVERY)
    assert (told.id, told.case_id) == (ids.fetched_id(DELIVERY), CASE)


async def test_during_an_outage_the_watcher_of_positions_gets_the_error_and_keeps_its_place(
    doors: DoorsInMemory, watch: FetchWatch
) -> None:
    doors.away = True
    with pytest.raises(Unavailable):
        await watch.tell([record()])


async def test_a_case_that_was_answered_meanwhile_is_not_reported_as_fetched(
    doors: DoorsInMemory, watch: FetchWatch
) -> None:
    doors.hold(CASE, standing="accepted")
    await watch.opened([record()])
    assert doors.sent == []


@dataclass
class Places:
    """Stands for `PostgresFetchPlaces`, which watches share; ``away``: the next note is lost with its writer."""

    kept: dict[str, int] = field(default_factory=dict)
    away: bool = False
    noted: asyncio.Condition = field(default_factory=asyncio.Condition)
    notes: int = 0

    async def all(self) -> dict[str, int]:
        return dict(self.kept)

    async def keep(self, places: Mapping[str, int]) -> None:
        async with self.noted:
            self.notes += 1
            self.noted.notify_all()
        if self.away:
            await asyncio.Event().wait()
        self.kept |= places

    async def until(self, notes: int) -> None:
        async with asyncio.timeout(60), self.noted:
            await self.noted.wait_for(lambda: self.notes >= notes)


class EverybodyLeads:
    """A lease that two hold at once, as when one of them was frozen until its own had ended."""

    async def take(self) -> "EverybodyLeads":
        return self

    async def renew(self) -> None:
        """Nobody is told that another leads."""


class OneConfirmed:
    """Stands for `KafkaInboxes`: an inbox with one record, which is confirmed. So many read it at the same time."""

    def __init__(self, readers: int) -> None:
        self._all_read = asyncio.Barrier(readers)

    async def committed(self, authorities: Collection[str]) -> Mapping[str, int]:
        return dict.fromkeys(authorities, 1)

    async def page(self, authorities: Sequence[str], **_: object) -> InboxPage:
        async with asyncio.timeout(60):
            await self._all_read.wait()
        return InboxPage(records=(record(),), reached=dict.fromkeys(authorities, 1))


class Owed:
    """Stands for `HeldCases`: the case stands as routed."""

    def __init__(self, doors: DoorsInMemory) -> None:
        self.now = doors.custody.now
        self._doors = doors

    def holders(self) -> list[str]:
        return [GIESSEN]

    def owed_by(self, authority: str) -> Mapping[UUID, Holding]:
        return {case: held for case, held in self._doors.custody.seen.items() if held.authority == authority}

    async def caught_up(self) -> None:
        """It always is."""


@asynccontextmanager
async def watching(
    doors: DoorsInMemory, places: Places, inboxes: OneConfirmed, *, processes: int = 1
) -> AsyncIterator[None]:
    watches = [
        FetchWatch(
            lease=cast("Lease", EverybodyLeads()),
            places=cast("PostgresFetchPlaces", places),
            inboxes=cast("KafkaInboxes", inboxes),
            custody=cast("HeldCases", Owed(doors)),
            bus=doors,
            condition=Health().part("fetched"),
        )
        for _ in range(processes)
    ]
    running = [asyncio.create_task(each.run()) for each in watches]
    yield
    for task in running:
        task.cancel()
    await asyncio.wait(running)
    assert all(task.cancelled() for task in running)


async def test_two_that_lead_at_once_tell_the_same_under_one_id(doors: DoorsInMemory) -> None:
    places = Places()
    async with watching(doors, places, OneConfirmed(2), processes=2):
        await places.until(notes=2)

    told = [event_of(message) for message in doors.sent]
    assert [each.id for each in told] == [ids.fetched_id(DELIVERY)] * 2
    assert [each.case_id for each in told] == [CASE] * 2
    assert places.kept == {GIESSEN: 1}


async def test_killed_between_telling_and_noting_the_next_one_tells_it_again_under_its_id(
    doors: DoorsInMemory,
) -> None:
    places = Places(away=True)
    async with watching(doors, places, OneConfirmed(1)):
        await places.until(notes=1)
    assert places.kept == {}

    places.away = False
    async with watching(doors, places, OneConfirmed(1)):
        await places.until(notes=2)
    assert [event_of(each).id for each in doors.sent] == [ids.fetched_id(DELIVERY)] * 2
    assert places.kept == {GIESSEN: 1}
