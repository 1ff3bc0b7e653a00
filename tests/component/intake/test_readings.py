"""A platform reports that a message was opened in its mailbox: once, for its own cases, under a derived id."""

from uuid import UUID, uuid4

import pytest

from shared.case_history.lines import HistoryLine
from shared.events.envelope import decode
from shared.events.ids import child_id
from shared.events.notification import NotificationRead
from shared.events.topics import NOTIFICATION_READ
from tests.component.intake.conftest import Intake, problem_of

MESSAGE = uuid4()


@pytest.fixture
async def case(intake: Intake) -> UUID:
    """A case of whose message it is known that it was provided."""
    receipt = (await intake.submit()).json()
    case, submission = UUID(receipt["caseId"]), UUID(receipt["submissionId"])
    intake.histories.lines.append(
        HistoryLine(
            event_id=child_id(MESSAGE, "settled"),
            case_id=case,
            submission_id=submission,
            at=intake.clock.now,
            code="message-sent",
        )
    )
    return case


async def report(intake: Intake, case: UUID, message: UUID, *, client: str = "portal") -> tuple[int, str]:
    answer = await intake.http.post(
        f"/v1/cases/{case}/notifications/{message}/read", headers=intake.bearer(client)
    )
    return (204, "") if answer.status_code == 204 else problem_of(answer)


async def test_reports_are_published_under_one_derived_id(intake: Intake, case: UUID) -> None:
    assert [await report(intake, case, MESSAGE) for _ in range(2)] == [(204, ""), (204, "")]
    reports = [m for m in intake.bus.messages if m.topic == NOTIFICATION_READ.name]
    events = [decode(m.value, m.headers, NOTIFICATION_READ.payloads) for m in reports]
    assert {event.id for event in events} == {child_id(MESSAGE, "read")}
    assert all(isinstance(e.data, NotificationRead) and e.data.message_id == MESSAGE for e in events)
    assert {event.case_id for event in events} == {case}


async def test_a_message_that_is_not_of_the_case_is_unknown(intake: Intake, case: UUID) -> None:
    assert await report(intake, case, uuid4()) == (404, "notification-unknown")
    assert [m for m in intake.bus.messages if m.topic == NOTIFICATION_READ.name] == []
