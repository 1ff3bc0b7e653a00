"""Supplements and withdrawals: taken like a submission, sealed, once per key, with a receipt of their own."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.case_history.lines import HistoryLine
from shared.crypto.jwe import open_sealed
from shared.events.envelope import Event, decode
from shared.events.ids import submission_id
from shared.events.payload import Payload
from shared.events.supplement import SupplementReceived, WithdrawalReceived
from shared.events.topics import CASE_SUBMITTED
from tests.component.intake.conftest import PLATFORM, Intake, open_with, problem_of

pytestmark = pytest.mark.slow

CONTENT = b'{"zeugnis":"Erika"}'
BODY = b'{"content":' + CONTENT + b"}"


@pytest.fixture
async def case(intake: Intake) -> UUID:
    return UUID((await intake.submit()).json()["caseId"])


async def hand_in(
    intake: Intake,
    case: UUID,
    what: str = "supplements",
    *,
    body: bytes = BODY,
    key: str = '"nach-1"',
    client: str = "portal",
) -> Any:
    headers = {**intake.bearer(client), "Idempotency-Key": key}
    return await intake.http.post(f"/v1/cases/{case}/{what}", content=body, headers=headers)


def sent(intake: Intake) -> list[Event[Payload]]:
    return [
        decode(each.value, each.headers, CASE_SUBMITTED.payloads)
        for each in intake.bus.messages
        if each.topic == CASE_SUBMITTED.name
    ]


def closed(intake: Intake, case: UUID, code: str = "granted") -> None:
    intake.histories.lines.append(
        HistoryLine(event_id=uuid4(), case_id=case, submission_id=uuid4(), at=intake.clock(), code=code)
    )


async def test_a_supplement_has_its_own_receipt_and_belongs_to_the_case(intake: Intake, case: UUID) -> None:
    answer = await hand_in(intake, case)

    assert answer.status_code == 202
    (event,) = sent(intake)
    assert isinstance(event.data, SupplementReceived)
    receipt = answer.json()
    assert receipt["caseId"] == str(case) == str(event.case_id)
    assert receipt["submissionId"] == str(event.submission_id) == str(submission_id("portal", "nach-1"))
    assert event.data.receipt.receipt_number == receipt["receiptNumber"]


async def test_the_content_of_a_supplement_is_sealed_to_the_platform(intake: Intake, case: UUID) -> None:
    await hand_in(intake, case)

    (event,) = sent(intake)
    assert isinstance(event.data, SupplementReceived)
    opened = open_sealed(
        event.data.content.model_dump_json().encode(),
        key=open_with(PLATFORM),
        submission_id=event.submission_id,
        purpose="content",
    )
    assert opened == CONTENT
    assert all(b"Erika" not in (each.value or b"") for each in intake.bus.messages)


async def test_answers_are_still_sealed_for_the_submission_that_opened_the_case(
    intake: Intake, case: UUID
) -> None:
    await hand_in(intake, case)

    (event,) = sent(intake)
    assert isinstance(event.data, SupplementReceived)
    assert event.data.answer_keys is not None
    assert event.data.answer_keys.submission_id == submission_id("portal", "key-1")


@pytest.mark.parametrize("body", [b"{}", BODY], ids=["without words", "with words"])
async def test_a_withdrawal_may_have_words(intake: Intake, case: UUID, body: bytes) -> None:
    answer = await hand_in(intake, case, "withdrawal", body=body)

    assert answer.status_code == 202
    (event,) = sent(intake)
    assert isinstance(event.data, WithdrawalReceived)
    assert (event.data.content is not None) == (body == BODY)


@pytest.mark.parametrize("what", ["supplements", "withdrawal"])
async def test_the_same_key_gives_the_same_receipt_also_after_the_end(
    intake: Intake, case: UUID, what: str
) -> None:
    first = await hand_in(intake, case, what)
    again = await hand_in(intake, case, what)
    closed(intake, case)
    late = await hand_in(intake, case, what)

    assert [answer.status_code for answer in (first, again, late)] == [202] * 3
    assert first.json() == again.json() == late.json()
    assert len(sent(intake)) == 1


@pytest.mark.parametrize(
    ("what", "body", "key"),
    [
        pytest.param("supplements", b'{"content":{}}', '"nach-1"', id="another content"),
        pytest.param("withdrawal", BODY, '"nach-1"', id="a withdrawal under the supplement's key"),
        pytest.param("supplements", BODY, '"key-1"', id="the submission's key"),
    ],
)
async def test_a_key_that_was_used_for_something_else_contradicts(
    intake: Intake, case: UUID, what: str, body: bytes, key: str
) -> None:
    await hand_in(intake, case)
    answer = await hand_in(intake, case, what, body=body, key=key)
    assert problem_of(answer) == (422, "idempotency-key-reused")
    assert len(sent(intake)) == 1


async def test_to_another_client_the_case_does_not_exist(intake: Intake, case: UUID) -> None:
    theirs = await hand_in(intake, case, client="other")
    nobodys = await hand_in(intake, uuid4(), client="other")
    assert problem_of(theirs) == problem_of(nobodys) == (404, "not-found")
    assert sent(intake) == []


@pytest.mark.parametrize("code", ["granted", "refused", "withdrawn", "erase-ordered"])
async def test_to_a_case_that_is_over_nothing_is_taken_any_more(
    intake: Intake, case: UUID, code: str
) -> None:
    closed(intake, case, code)
    assert problem_of(await hand_in(intake, case)) == (409, "case-closed")
    assert sent(intake) == []
    assert len(intake.store.rows) == 1


async def test_when_kafka_does_not_confirm_the_same_request_completes_it(intake: Intake, case: UUID) -> None:
    intake.bus.mode = "lost"
    away = await hand_in(intake, case)
    intake.bus.mode = "up"
    taken = await hand_in(intake, case)
    assert problem_of(away) == (503, "unavailable")
    assert taken.status_code == 202
    assert len(sent(intake)) == 1


@pytest.mark.parametrize(
    ("what", "body", "kind"),
    [
        pytest.param("supplements", b"{}", "malformed-submission", id="a supplement of nothing"),
        pytest.param("supplements", b'{"content":[]}', "malformed-submission", id="no object"),
        pytest.param("withdrawal", b'{"reason":"x"}', "malformed-submission", id="another member"),
        pytest.param("withdrawal", b"[]", "malformed-json", id="a list"),
        pytest.param("supplements", b"{", "malformed-json", id="half an object"),
    ],
)
async def test_a_malformed_body_is_refused(
    intake: Intake, case: UUID, what: str, body: bytes, kind: str
) -> None:
    answer = await hand_in(intake, case, what, body=body)
    assert problem_of(answer)[1] == kind
    assert sent(intake) == []


async def test_a_supplement_is_handed_in_under_any_reference_of_the_case(intake: Intake, case: UUID) -> None:
    number = (await hand_in(intake, case)).json()["receiptNumber"]
    headers = {**intake.bearer(), "Idempotency-Key": '"nach-2"'}
    answer = await intake.http.post(f"/v1/cases/{number}/supplements", content=BODY, headers=headers)
    assert answer.json()["caseId"] == str(case)
