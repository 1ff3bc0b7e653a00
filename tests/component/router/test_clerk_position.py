"""The inbox position of an authority whose clerks answer at the page; its own software's is left alone."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.router.adapters.clerk_position import EVERY_SECONDS, SOFTWARE_SILENT, ClerkPosition
from services.router.domain.cases.confirmable import SETTLED_MS
from services.router.domain.cases.custody import Holding
from services.router.domain.cases.inbox import InboxRecord
from shared.events.custody import CustodyState
from tests.support.doors import DoorsInMemory
from tests.support.events import GIESSEN, RECEIVED_AT, SUBMISSION_ID

NOW_MS = int(RECEIVED_AT.timestamp() * 1000)


@pytest.fixture
def doors() -> DoorsInMemory:
    return DoorsInMemory()


@pytest.fixture
def position(doors: DoorsInMemory) -> ClerkPosition:
    return ClerkPosition(
        inboxes=doors.inboxes,
        looks=doors.looks,
        webhooks=doors.webhooks,
        custody=doors.custody,
        clock=lambda: doors.now,
    )


def delivered(
    doors: DoorsInMemory, standing: CustodyState | None, *, age_ms: int = 0, by: str = GIESSEN
) -> UUID:
    """A record about a case that stands so; None: custody does not know it."""
    case, records = uuid4(), doors.inboxes.written.setdefault(GIESSEN, [])
    headers = (("ce_caseid", str(case).encode()),)
    records.append(
        InboxRecord(
            authority=GIESSEN, offset=len(records), headers=headers, value=b"{}", written_ms=NOW_MS - age_ms
        )
    )
    if standing is not None:
        doors.custody.seen[case] = Holding(submission_id=SUBMISSION_ID, standing=standing, authority=by)
    return case


async def test_answered_cases_are_confirmed_up_to_the_first_that_waits(
    doors: DoorsInMemory, position: ClerkPosition
) -> None:
    for standing in ("accepted", "decided", "information-requested", "routed", "accepted"):
        delivered(doors, standing)

    await position.move([GIESSEN])

    assert doors.inboxes.committed == {GIESSEN: 3}


@pytest.mark.parametrize("standing", ["routed", "supplemented"])
async def test_an_unanswered_case_keeps_waiting(
    doors: DoorsInMemory, position: ClerkPosition, standing: CustodyState
) -> None:
    delivered(doors, standing, age_ms=30 * 24 * 60 * 60 * 1000)

    await position.move([GIESSEN])

    assert doors.inboxes.committed == {}


@pytest.mark.parametrize(("age_ms", "moved"), [(1000, False), (SETTLED_MS + 1, True)])
async def test_a_case_that_custody_shows_elsewhere_or_not_at_all_is_passed_only_when_it_is_old(
    doors: DoorsInMemory, position: ClerkPosition, *, age_ms: int, moved: bool
) -> None:
    delivered(doors, None, age_ms=age_ms)
    delivered(doors, "routed", age_ms=age_ms, by="g-06534014")

    await position.move([GIESSEN])

    assert doors.inboxes.committed == ({GIESSEN: 2} if moved else {})


async def test_the_position_of_software_that_reads_the_inbox_is_left_alone(
    doors: DoorsInMemory, position: ClerkPosition
) -> None:
    delivered(doors, "accepted")

    await doors.looks.fetched([GIESSEN])
    await position.move([GIESSEN])
    assert doors.inboxes.committed == {}


async def test_after_a_change_from_software_to_the_page_the_page_confirms(
    doors: DoorsInMemory, position: ClerkPosition
) -> None:
    delivered(doors, "accepted")
    await doors.looks.fetched([GIESSEN])
    await doors.webhooks.register([GIESSEN], principal=GIESSEN, url="https://behoerde.example")
    doors.now += SOFTWARE_SILENT + timedelta(hours=1)
    await position.move([GIESSEN])
    assert doors.inboxes.committed == {}

    await doors.webhooks.withdraw([GIESSEN])
    doors.now += timedelta(seconds=EVERY_SECONDS)
    await position.move([GIESSEN])
    assert doors.inboxes.committed == {GIESSEN: 1}


async def test_a_webhook_and_a_consumer_confirm_by_themselves(
    doors: DoorsInMemory, position: ClerkPosition
) -> None:
    delivered(doors, "accepted")
    doors.inboxes.consumers.add(GIESSEN)
    await position.move([GIESSEN])
    doors.inboxes.consumers.clear()
    await doors.webhooks.register([GIESSEN], principal=GIESSEN, url="https://behoerde.example")
    doors.now += timedelta(seconds=EVERY_SECONDS)
    await position.move([GIESSEN])

    assert doors.inboxes.committed == {}


async def test_the_position_is_checked_again_only_after_a_pause(
    doors: DoorsInMemory, position: ClerkPosition
) -> None:
    case = delivered(doors, "routed")
    await position.move([GIESSEN])
    doors.custody.seen[case] = Holding(submission_id=SUBMISSION_ID, standing="accepted", authority=GIESSEN)
    await position.move([GIESSEN])
    assert doors.inboxes.committed == {}

    doors.now += timedelta(seconds=EVERY_SECONDS)
    await position.move([GIESSEN])
    assert doors.inboxes.committed == {GIESSEN: 1}
