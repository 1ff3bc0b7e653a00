import asyncio
import json
from typing import Literal

import pytest
import structlog

from services.intake.adapters.rates import Quota
from shared.crypto.jwe import NotOpened, open_sealed
from shared.events.envelope import Event, Message, decode
from shared.events.payload import Payload
from shared.events.submission import SubmissionReceived
from shared.events.topics import INPUT_BYTES, MAX_CONTENT_BYTES, SUBMISSION_RECEIVED
from tests.component.intake.conftest import (
    BODY,
    MAX_IN_FLIGHT,
    NOTIFIER,
    PLATFORM,
    Intake,
    open_with,
    problem_of,
)
from tests.contracts.intake.fakes import HOLD

pytestmark = pytest.mark.slow

SERVICE = b'{"service":"99050012104000",'


def received(message: Message) -> tuple[Event[Payload], SubmissionReceived]:
    event = decode(message.value, message.headers, SUBMISSION_RECEIVED.payloads)
    assert isinstance(event.data, SubmissionReceived)
    return event, event.data


async def test_a_submission_is_answered_with_its_receipt_and_lies_on_the_bus(intake: Intake) -> None:
    answer = await intake.submit()
    assert answer.status_code == 202
    receipt = answer.json()
    [message] = intake.bus.messages
    event, data = received(message)
    assert message.topic == SUBMISSION_RECEIVED.name
    assert message.key == receipt["caseId"].encode()
    assert str(event.submission_id) == receipt["submissionId"]
    assert data.receipt.model_dump(mode="json", by_alias=True) == {
        "receiptNumber": receipt["receiptNumber"],
        "receivedAt": receipt["receivedAt"],
        "contentHash": receipt["contentHash"],
        "clientReferenceHash": data.receipt.client_reference_hash,
        "clientId": "portal",
        "service": "99050012104000",
        "language": "de",
        "channels": None,
    }
    assert answer.headers["location"] == receipt["links"]["self"] == f"/v1/submissions/{event.submission_id}"


async def test_the_requests_log_line_names_event_case_and_trace(intake: Intake) -> None:
    with structlog.testing.capture_logs() as lines:
        await intake.submit()
    event, _ = received(intake.bus.messages[0])
    (line,) = [line for line in lines if line.get("route") == "/v1/submissions"]
    assert (line["event_id"], line["case_id"]) == (str(event.id), str(event.case_id))
    assert event.traceparent is not None
    assert line["trace_id"] == event.traceparent.split("-")[1]


async def test_content_is_sealed_to_the_platform_and_contact_to_the_notifier(intake: Intake) -> None:
    await intake.submit()
    event, data = received(intake.bus.messages[0])
    assert data.contact is not None
    content, contact = data.content.model_dump_json().encode(), data.contact.model_dump_json().encode()
    own_id = event.submission_id
    opened = open_sealed(content, key=open_with(PLATFORM), submission_id=own_id, purpose="content")
    assert opened == b'{"beginn":"2026-02-01"}'
    opened = open_sealed(contact, key=open_with(NOTIFIER), submission_id=own_id, purpose="contact")
    assert json.loads(opened) == {"email": "erika.mustermann@example.org"}
    with pytest.raises(NotOpened):
        open_sealed(contact, key=open_with(PLATFORM), submission_id=own_id, purpose="contact")


async def test_the_keys_that_answers_are_sealed_to_are_named(intake: Intake) -> None:
    await intake.submit()
    await intake.submit(headers=intake.bearer("other"))
    for message, kids in zip(intake.bus.messages, (["portal-seals-1"], []), strict=True):
        event, data = received(message)
        assert data.answer_keys is not None
        assert data.answer_keys.submission_id == event.submission_id
        assert [key.kid for key in data.answer_keys.client.keys] == kids
        assert [key.kid for key in data.answer_keys.notifier.keys] == ["notifier-1"]
        assert b'"d":' not in data.answer_keys.model_dump_json().encode()


async def test_nothing_personal_lies_open_on_the_bus(intake: Intake) -> None:
    await intake.submit()
    assert b"erika" not in (intake.bus.messages[0].value or b"")
    assert b"2026-02-01" not in (intake.bus.messages[0].value or b"")
    assert b"antrag-4711" not in (intake.bus.messages[0].value or b"")


async def test_equal_references_of_two_clients_look_different_on_the_bus(intake: Intake) -> None:
    await intake.submit()
    await intake.submit(headers=intake.bearer("other"))
    mine, theirs = (received(message)[1].receipt.client_reference_hash for message in intake.bus.messages)
    assert mine
    assert theirs
    assert mine != theirs


async def test_while_receipts_are_not_whole_nothing_is_promised(intake: Intake) -> None:
    intake.complete.now = False
    answer = await intake.submit()
    assert problem_of(answer) == (503, "unavailable")
    assert answer.headers["retry-after"] == "2"
    assert not intake.store.rows
    intake.complete.now = True
    assert (await intake.submit()).status_code == 202


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json; charset=ISO-8859-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": ""},
    ],
)
async def test_a_body_not_announced_as_json_is_refused(intake: Intake, headers: dict[str, str]) -> None:
    assert problem_of(await intake.submit(headers=headers)) == (415, "unsupported-media-type")
    assert not intake.store.rows


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=UTF-8", 'application/json; charset="utf-8"']
)
async def test_a_body_announced_as_json_is_taken(intake: Intake, kind: str) -> None:
    assert (await intake.submit(headers={"Content-Type": kind})).status_code == 202


async def test_broken_json_is_located(intake: Intake) -> None:
    answer = await intake.submit(b'{"service":\n"99050012104000",}')
    document = answer.json()
    assert problem_of(answer) == (400, "malformed-json")
    assert (document["line"], document["column"]) == (2, 18)
    assert "Zeile 2, Spalte 18" in document["detail"]


async def test_a_doubled_member_is_located(intake: Intake) -> None:
    answer = await intake.submit(SERVICE + b'"content":{"a":1,"a":2}}')
    [error] = answer.json()["errors"]
    assert problem_of(answer) == (422, "malformed-submission")
    assert (error["field"], error["at"], error["fault"]) == ("content", "/content/a", "doubled-member")


async def test_a_submission_without_contact_is_taken(intake: Intake) -> None:
    assert (await intake.submit(SERVICE + b'"content":{}}')).status_code == 202
    assert received(intake.bus.messages[0])[1].contact is None


async def test_a_repeated_request_gives_the_same_receipt_and_no_second_event(intake: Intake) -> None:
    first = await intake.submit()
    intake.clock.advance(days=3)
    again = await intake.submit(key="key-1")
    assert (again.status_code, again.content) == (202, first.content)
    assert len(intake.bus.messages) == 1


async def test_an_unknown_service_and_an_impossible_place_are_taken(intake: Intake) -> None:
    answer = await intake.submit(
        b'{"service":"06012345678901","place":{"ags":"99999999"},"choice":"g-99999999","content":{}}'
    )
    assert answer.status_code == 202


async def test_the_same_key_with_other_content_is_a_contradiction(intake: Intake) -> None:
    await intake.submit()
    answer = await intake.submit(BODY.replace(b"2026-02-01", b"2026-02-02"))
    assert problem_of(answer) == (422, "idempotency-key-reused")
    assert len(intake.bus.messages) == 1


async def test_another_client_may_use_the_same_key(intake: Intake) -> None:
    mine = await intake.submit()
    other = await intake.submit(headers=intake.bearer("other"))
    assert other.status_code == 202
    assert mine.json()["submissionId"] != other.json()["submissionId"]


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 400, "malformed-json"),
        (b"[]", 400, "malformed-json"),
        (b'{"service":', 400, "malformed-json"),
        (BODY.replace(b"Giessen", b"Gie\xdfen"), 400, "malformed-json"),
        (b"{}", 422, "malformed-submission"),
        (SERVICE + b'"content":{},"place":{"plz":"3539"}}', 422, "malformed-submission"),
        (SERVICE + b'"content":{},"place":{"plz":"35390","town":"\\u001b[2J"}}', 422, "malformed-submission"),
        (SERVICE + b'"content":{"a":"' + b"x" * MAX_CONTENT_BYTES + b'"}}', 413, "too-large"),
        (b" " * 2 * MAX_CONTENT_BYTES, 413, "too-large"),
    ],
)
async def test_an_unreadable_request_is_refused_and_leaves_nothing_behind(
    intake: Intake, body: bytes, status: int, kind: str
) -> None:
    assert problem_of(await intake.submit(body)) == (status, kind)
    assert not intake.store.rows
    assert not intake.bus.messages


async def test_the_faulty_fields_are_named_with_what_was_expected(intake: Intake) -> None:
    answer = await intake.submit(b'{"service":"1","content":{}}')
    assert answer.json()["errors"] == [
        {
            "field": "service",
            "fault": "malformed",
            "message": "nicht in der erwarteten Form",
            "expected": "14 Ziffern (LeiKa-Schlüssel)",
        }
    ]


async def test_problems_are_in_the_requested_language(intake: Intake) -> None:
    german = await intake.submit(b"", headers={"Accept-Language": "fr, de-DE;q=0.9, en;q=0.8"})
    english = await intake.submit(b"", headers={"Accept-Language": "en-GB,de;q=0.5"})
    assert (german.json()["title"], english.json()["title"]) == ("Kein JSON", "Not JSON")
    assert english.headers["content-language"] == "en"


async def test_without_an_idempotency_key_nothing_is_taken(intake: Intake) -> None:
    answer = await intake.http.post("/v1/submissions", content=BODY, headers=intake.bearer())
    assert problem_of(answer) == (400, "idempotency-key-missing")


async def test_two_idempotency_keys_are_none(intake: Intake) -> None:
    keys = [("Idempotency-Key", '"one"'), ("Idempotency-Key", '"two"')]
    answer = await intake.http.post(
        "/v1/submissions", content=BODY, headers=[*intake.bearer().items(), *keys]
    )
    assert problem_of(answer) == (400, "idempotency-key-malformed")


async def test_a_malformed_idempotency_key_is_refused(intake: Intake) -> None:
    assert problem_of(await intake.submit(key='"unfinished')) == (400, "idempotency-key-malformed")


@pytest.mark.parametrize("mode", ["lost", "kept"])
async def test_a_broker_that_fails_leaves_the_receipt_for_the_retry_to_complete(
    intake: Intake, mode: Literal["lost", "kept"]
) -> None:
    intake.bus.mode = mode
    failed = await intake.submit()
    assert problem_of(failed) == (503, "unavailable")
    assert failed.headers["retry-after"] == "2"
    entered_at = intake.clock.now
    intake.clock.advance(hours=1)
    intake.bus.mode = "up"
    answer = await intake.submit()
    assert answer.status_code == 202
    events = [received(message) for message in intake.bus.messages]
    assert len({event.id for event, _ in events}) == 1
    assert {data.receipt.received_at for _, data in events} == {entered_at}
    assert {data.receipt.receipt_number for _, data in events} == {answer.json()["receiptNumber"]}


async def test_after_a_death_between_entry_and_answer_the_retry_waits_and_then_completes(
    intake: Intake,
) -> None:
    intake.bus.mode = "silent"
    attempt = asyncio.ensure_future(intake.submit())
    await intake.bus.asked.get()
    attempt.cancel()  # the process dies: nothing is noted
    intake.bus.mode = "up"
    waiting = await intake.submit()
    assert problem_of(waiting) == (409, "still-running")
    assert "retry-after" in waiting.headers
    intake.clock.advance(seconds=HOLD.total_seconds())
    assert (await intake.submit()).status_code == 202
    assert len(intake.bus.messages) == 1


async def test_of_many_requests_under_one_key_one_event_comes(intake: Intake) -> None:
    answers = await asyncio.gather(*(intake.submit() for _ in range(20)))
    assert {answer.status_code for answer in answers} <= {202, 409, 429}
    assert len({answer.content for answer in answers if answer.status_code == 202}) == 1
    assert len(intake.bus.messages) == 1


async def test_requests_above_the_limit_in_flight_get_retry_after(intake: Intake) -> None:
    intake.bus.mode = "silent"
    held = [asyncio.ensure_future(intake.submit(key=f"key-{n}")) for n in range(MAX_IN_FLIGHT)]
    for _ in held:
        await intake.bus.asked.get()
    refused = await intake.submit(key="one-more")
    assert problem_of(refused) == (429, "too-many-in-flight")
    assert refused.headers["retry-after"] == "1"
    intake.bus.acknowledged.set()
    assert {answer.status_code for answer in await asyncio.gather(*held)} == {202}


async def test_every_answer_states_the_quota(intake: Intake) -> None:
    intake.counted.quota = Quota(limit=100, remaining=40, resets_in=17)
    answer = await intake.submit()
    assert answer.headers["ratelimit-policy"] == '"default";q=100;w=60'
    assert answer.headers["ratelimit"] == '"default";r=40;t=17'
    assert intake.counted.who == ["portal"]


async def test_beyond_the_quota_nothing_is_taken(intake: Intake) -> None:
    intake.counted.quota = Quota(limit=100, remaining=-1, resets_in=17)
    answer = await intake.submit()
    assert problem_of(answer) == (429, "quota-exceeded")
    assert (answer.headers["ratelimit"], answer.headers["retry-after"]) == ('"default";r=0;t=17', "17")
    assert not intake.store.rows


async def test_the_trace_goes_on_in_the_event(intake: Intake) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    await intake.submit(headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    event, _ = received(intake.bus.messages[0])
    assert event.traceparent is not None
    assert event.traceparent.split("-")[1] == trace


async def test_the_largest_content_fits_into_the_largest_record(intake: Intake) -> None:
    content = b'{"a":"' + b"x" * (MAX_CONTENT_BYTES - 8) + b'"}'
    assert len(content) == MAX_CONTENT_BYTES
    assert (await intake.submit(SERVICE + b'"content":' + content + b"}")).status_code == 202
    assert len(intake.bus.messages[0].value or b"") < INPUT_BYTES - 16 * 1024


def test_no_router_stands_between_a_request_and_its_route(intake: Intake) -> None:
    assert {"/v1/submissions", "/token", "/api"} <= {getattr(each, "path", "") for each in intake.app.routes}
