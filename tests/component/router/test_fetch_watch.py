"""What a person has opened is told to the router; while it cannot be told, the page goes on, and it is told the next time."""

from typing import cast
from uuid import UUID

import pytest

from services.router.adapters.fetch_watch import FetchWatch
from services.router.adapters.held_cases import HeldCases
from services.router.adapters.inboxes import KafkaInboxes
from services.router.adapters.postgres.fetch_places import PostgresFetchPlaces
from services.router.domain.cases.inbox import InboxRecord
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


async def test_during_an_outage_nothing_is_told_and_the_next_opening_tells_it_once(
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


async def test_whoever_watches_positions_is_told_of_the_outage_so_that_the_place_is_kept(
    doors: DoorsInMemory, watch: FetchWatch
) -> None:
    doors.away = True
    with pytest.raises(Unavailable):
        await watch.tell([record()])


async def test_what_stands_elsewhere_by_now_is_not_told(doors: DoorsInMemory, watch: FetchWatch) -> None:
    doors.hold(CASE, standing="accepted")
    await watch.opened([record()])
    assert doors.sent == []
