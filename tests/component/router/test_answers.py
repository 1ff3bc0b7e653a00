"""POST /v1/answers: taken for certain, the same for the same id, refused on the spot where it has no effect."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from services.router.adapters.http.answers import ANSWER_BODY_LIMIT
from services.router.domain.cases.custody import Holding
from shared.events import ids
from shared.events.case import AnswerGiven, CaseAnswered
from shared.events.custody import CustodyState
from shared.events.topics import CASE_ANSWERED
from tests.support.doors import PROVIDER, DoorsInMemory, connected
from tests.support.events import GIESSEN, SUBMISSION_ID, sealed_part

pytestmark = pytest.mark.slow

MARBURG = "g-06534014"
CASE = uuid4()


@pytest.fixture
def doors() -> DoorsInMemory:
    doors = DoorsInMemory()
    doors.hold(CASE)
    return doors


@pytest.fixture
async def http(doors: DoorsInMemory) -> AsyncIterator[httpx.AsyncClient]:
    async with connected(doors) as client:
        yield client


def jwe(purpose: str = "answer", **changed: Any) -> dict[str, Any]:
    """A sealed part, as it stands in a request."""
    made: dict[str, Any] = json.loads(sealed_part(purpose).model_dump_json(by_alias=True))
    return made | changed


def decided(*, case: UUID = CASE, **changed: Any) -> dict[str, Any]:
    body = {
        "id": "0117/1",
        "caseId": str(case),
        "kind": "decided",
        "outcome": "granted",
        "givenAt": "2026-01-12T10:00:00Z",
    }
    return {name: value for name, value in (body | changed).items() if value is not None}


def accepted(**changed: Any) -> dict[str, Any]:
    return decided(kind="accepted", outcome=None, **changed)


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["resolution"]
    return answer.status_code, document["type"].removeprefix("urn:amtsweg:problem:")


async def test_an_answer_lies_on_the_bus_when_it_is_taken(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    answer = await http.post("/v1/answers", json=decided())

    assert answer.status_code == 202
    (event,) = doors.answered
    given = AnswerGiven.model_validate(
        {"kind": "decided", "outcome": "granted", "givenAt": "2026-01-12T10:00:00Z"}
    )
    assert event.data == CaseAnswered(authority=GIESSEN, own_id="0117/1", answer=given)
    assert (event.id, event.case_id, event.submission_id) == (
        ids.answer_id(GIESSEN, "0117/1"),
        CASE,
        SUBMISSION_ID,
    )
    assert (doors.sent[0].topic, doors.sent[0].key) == (CASE_ANSWERED.name, str(CASE).encode())
    assert answer.json() == {
        "id": "0117/1",
        "answerId": str(event.id),
        "authority": GIESSEN,
        "caseId": str(CASE),
        "acceptedAt": "2026-01-12T09:30:00Z",
    }


async def test_the_log_line_of_an_answer_names_event_case_and_trace(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    with structlog.testing.capture_logs() as lines:
        await http.post("/v1/answers", json=decided())
    (event,) = doors.answered
    (line,) = [line for line in lines if line.get("route") == "/v1/answers"]
    assert (line["event_id"], line["case_id"]) == (str(event.id), str(CASE))
    assert event.traceparent is not None
    assert line["trace_id"] == event.traceparent.split("-")[1]


async def test_the_same_answer_again_is_the_same_and_is_sent_once(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    first = await http.post("/v1/answers", json=decided())
    doors.now += timedelta(hours=1)
    again = await http.post("/v1/answers", json=decided(givenAt="2026-01-12T11:00:00Z"))

    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert len(doors.sent) == 1


async def test_a_repetition_gets_the_same_answer_after_the_case_is_closed_or_forgotten(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    first = await http.post("/v1/answers", json=decided())
    doors.hold(CASE, standing="decided")
    closed = await http.post("/v1/answers", json=decided())
    doors.custody.seen.clear()
    forgotten = await http.post("/v1/answers", json=decided())

    assert closed.json() == forgotten.json() == first.json()
    assert len(doors.sent) == 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"outcome": "refused"}, id="another outcome"),
        pytest.param({"content": jwe()}, id="a sealed part more"),
        pytest.param({"caseId": str(uuid4())}, id="another case"),
    ],
)
async def test_the_same_id_with_other_content_contradicts(
    doors: DoorsInMemory, http: httpx.AsyncClient, other: dict[str, str]
) -> None:
    await http.post("/v1/answers", json=decided())

    assert problem_of(await http.post("/v1/answers", json=decided() | other)) == (422, "answer-contradicts")
    assert len(doors.sent) == 1


async def test_sealed_parts_travel_untouched_and_sealed_anew_the_answer_is_the_same(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    first = await http.post("/v1/answers", json=decided(content=jwe(), notice=jwe("notice")))
    anew = decided(content=jwe(ciphertext="A" * 64), notice=jwe("notice", tag="G" * 22))
    again = await http.post("/v1/answers", json=anew)

    assert first.status_code == 202
    assert again.json() == first.json()
    (event,) = doors.answered
    assert event.data.answer.content == sealed_part()
    assert event.data.answer.notice == sealed_part("notice")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param({"content": jwe("notice")}, "sealed-part-malformed", id="for another purpose"),
        pytest.param({"notice": jwe("notice", iv="")}, "sealed-part-malformed", id="no JWE"),
        pytest.param(
            {"notice": jwe("notice", ciphertext="A" * 70_000)}, "sealed-part-too-large", id="too large"
        ),
    ],
)
async def test_a_sealed_part_that_nobody_could_open_is_refused_and_the_part_is_named(
    doors: DoorsInMemory, http: httpx.AsyncClient, parts: dict[str, Any], expected: str
) -> None:
    answer = await http.post("/v1/answers", json=decided(**parts))

    assert problem_of(answer) == (422, expected)
    assert next(iter(parts)) in answer.json()["detail"]
    assert doors.sent == []
    assert doors.store.found == {}


async def test_of_many_at_once_one_is_sent(doors: DoorsInMemory, http: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(http.post("/v1/answers", json=decided()) for _ in range(20)))

    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len(doors.sent) == 1


async def test_when_kafka_does_not_confirm_the_same_request_completes_it_with_its_instant(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    doors.away = True
    refused = await http.post("/v1/answers", json=decided())
    doors.away = False
    doors.now += timedelta(minutes=3)
    taken = await http.post("/v1/answers", json=decided())

    assert problem_of(refused) == (503, "unavailable")
    assert refused.headers["retry-after"]
    assert taken.status_code == 202
    assert taken.json()["acceptedAt"] == "2026-01-12T09:30:00Z"


async def test_an_attempt_that_runs_says_come_again_and_one_that_died_is_taken_up(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    doors.away = True
    await http.post("/v1/answers", json=decided())
    doors.away = False
    (key,) = doors.store.found
    await doors.store.claim(doors.store.found[key].entry)
    running = await http.post("/v1/answers", json=decided())
    doors.store.end_holds()
    resumed = await http.post("/v1/answers", json=decided())

    assert problem_of(running) == (409, "answer-running")
    assert running.headers["retry-after"]
    assert resumed.status_code == 202
    assert len(doors.sent) == 1


async def test_an_answer_that_took_effect_though_the_door_died_is_taken_again_and_not_refused_for_its_own_effect(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    doors.away = True
    await http.post("/v1/answers", json=accepted())
    doors.away = False
    doors.store.end_holds()
    doors.hold(CASE, standing="accepted")
    again = await http.post("/v1/answers", json=accepted())
    another = await http.post("/v1/answers", json=accepted(id="0117/2"))

    assert again.status_code == 202
    assert [event.id for event in doors.answered] == [ids.answer_id(GIESSEN, "0117/1")]
    assert problem_of(another) == (409, "already-accepted")


async def test_an_unknown_and_another_authoritys_case_get_the_same_answer(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    foreign = uuid4()
    doors.hold(foreign, authority=MARBURG)

    unknown = await http.post("/v1/answers", json=decided(case=uuid4()))
    not_yours = await http.post("/v1/answers", json=decided(case=foreign))

    assert problem_of(unknown) == (404, "case-unknown")
    assert unknown.content == not_yours.content
    assert doors.sent == []
    assert doors.store.found == {}


async def test_a_case_routed_a_moment_ago_is_answered_though_the_view_lags(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    doors.custody.seen.clear()
    doors.custody.written[CASE] = Holding(submission_id=SUBMISSION_ID, standing="routed", authority=GIESSEN)

    assert (await http.post("/v1/answers", json=accepted())).status_code == 202


async def test_an_answer_is_not_refused_while_custody_is_uncertain(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    doors.custody.certain = False

    answer = await http.post("/v1/answers", json=decided(case=uuid4()))

    assert problem_of(answer) == (503, "unavailable")


@pytest.mark.parametrize(
    ("standing", "body", "kind"),
    [
        ("accepted", accepted(), "already-accepted"),
        ("decided", accepted(), "already-decided"),
        ("decided", decided(), "already-decided"),
    ],
)
async def test_what_has_no_effect_is_refused_on_the_spot(
    doors: DoorsInMemory, http: httpx.AsyncClient, standing: CustodyState, body: dict[str, Any], kind: str
) -> None:
    doors.hold(CASE, standing=standing)

    assert problem_of(await http.post("/v1/answers", json=body)) == (409, kind)
    assert doors.sent == []


@pytest.mark.parametrize(("to", "kind"), [("g-9", "authority-unknown"), (GIESSEN, "forwarded-to-itself")])
async def test_a_case_is_not_forwarded_to_nobody_or_to_its_holder(
    doors: DoorsInMemory, http: httpx.AsyncClient, to: str, kind: str
) -> None:
    body = decided(kind="forwarded", outcome=None, reason="wrong-place", forwardTo=to)

    assert problem_of(await http.post("/v1/answers", json=body)) == (422, kind)
    assert (await http.post("/v1/answers", json=body | {"forwardTo": MARBURG})).status_code == 202
    assert len(doors.sent) == 1


async def test_a_provider_answers_for_each_authority_that_it_serves_and_no_other(
    doors: DoorsInMemory,
) -> None:
    theirs = uuid4()
    doors.hold(theirs, authority=MARBURG)
    async with connected(doors, principal=PROVIDER) as http:
        unnamed = await http.post("/v1/answers", json=decided())
        stranger = await http.post("/v1/answers", json=decided(authority="k-06531"))
        crossed = await http.post("/v1/answers", json=decided(authority=MARBURG))
        ours = await http.post("/v1/answers", json=decided(authority=GIESSEN))
        also = await http.post("/v1/answers", json=decided(authority=MARBURG, case=theirs))

    assert problem_of(unnamed) == (422, "authority-missing")
    assert problem_of(stranger) == (403, "authority-not-served")
    assert problem_of(crossed) == (404, "case-unknown")
    assert [answer.status_code for answer in (ours, also)] == [202, 202]
    assert [event.data.authority for event in doors.answered] == [GIESSEN, MARBURG]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        pytest.param(decided(id=None), "id", id="without an id"),
        pytest.param(decided(id="x" * 65), "id", id="with an id that is too long"),
        pytest.param(decided(id="Bescheid für Erika"), "id", id="with an id of free text"),
        pytest.param(decided(caseId="?"), "caseId", id="about no case"),
        pytest.param(decided(outcome=None), "outcome", id="that decides without an outcome"),
        pytest.param(accepted() | {"outcome": "granted"}, "outcome", id="that accepts with an outcome"),
        pytest.param(decided(givenAt="0001-01-01T00:00:00+14:00"), "givenAt", id="at an instant nobody has"),
        pytest.param(decided(givenAt="2026-01-12T10:00:00"), "givenAt", id="at an instant without an offset"),
        pytest.param(decided() | {"note": "x"}, "note", id="with a member that is none"),
    ],
)
async def test_a_body_that_is_no_answer_is_refused_and_the_place_is_named(
    doors: DoorsInMemory, http: httpx.AsyncClient, body: dict[str, Any], named: str
) -> None:
    answer = await http.post("/v1/answers", json=body)

    assert problem_of(answer) == (422, "invalid")
    assert named in answer.text
    assert "Erika" not in answer.text
    assert doors.sent == []


async def test_a_body_that_is_too_large_is_refused(doors: DoorsInMemory, http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/answers", content=b" " * (ANSWER_BODY_LIMIT + 1))

    assert problem_of(answer) == (413, "too-large")


BODIES = st.binary(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(str)


@given(bodies=st.lists(BODIES, min_size=1, max_size=20))
async def test_arbitrary_bodies_have_no_effect_and_break_nothing(bodies: list[bytes | str]) -> None:
    doors = DoorsInMemory()
    doors.hold(CASE)
    async with connected(doors) as http:
        for body in bodies:
            answer = await http.post(
                "/v1/answers", content=body, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code in {400, 422}
    assert doors.sent == []


@pytest.mark.parametrize("authorization", ["", "Basic eA=="], ids=["without a token", "with another scheme"])
async def test_requests_without_a_valid_token_are_refused(
    http: httpx.AsyncClient, authorization: str
) -> None:
    answer = await http.post("/v1/answers", json=decided(), headers={"Authorization": authorization})

    assert problem_of(answer) == (401, "token-invalid")
    assert answer.headers["www-authenticate"].startswith('Bearer realm="doors"')


async def test_a_token_without_the_scope_does_not_answer(doors: DoorsInMemory) -> None:
    doors.scopes = frozenset({"inbox.read"})
    async with connected(doors) as http:
        answer = await http.post("/v1/answers", json=decided())

    assert problem_of(answer) == (403, "scope-missing")
    assert "POST /token und scope=answers.write" in answer.json()["resolution"]  # it may have the right


async def test_an_invalid_trace_context_is_not_passed_on(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    await http.post("/v1/answers", json=decided(), headers={"traceparent": "Erika Mustermann"})

    assert b"Erika" not in dict(doors.sent[0].headers)["traceparent"]
