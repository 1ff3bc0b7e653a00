import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import structlog

from shared.events.competence import Place
from shared.events.submission import SubmissionDelivered, SubmissionRouted
from tests.support.desk import DeskInMemory, connected, token
from tests.support.events import GIESSEN
from tests.support.routing import RouterInMemory, event_of

pytestmark = pytest.mark.slow

SEVERAL = Place(plz="35796")
WEILMUENSTER, WEINBACH = "g-06533018", "g-06533019"
MARBURG = "g-06534014"
NOT_CONNECTED = "g-06531018"


@pytest.fixture
def desk(tmp_path: Path) -> DeskInMemory:
    return DeskInMemory(RouterInMemory(tmp_path))


@pytest.fixture
async def http(desk: DeskInMemory) -> AsyncIterator[httpx.AsyncClient]:
    async with connected(desk) as client:
        yield client


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert {"title", "detail", "resolution", "instance"} <= document.keys()
    return answer.status_code, document["type"].rpartition(":")[2]


async def assign(
    http: httpx.AsyncClient, case: UUID, to: str = MARBURG, *, key: str = "k-1", **more: Any
) -> httpx.Response:
    return await http.post(
        f"/v1/parked/{case}/assignment",
        json={"authority": to, "reason": "Standort geklärt", **more},
        headers={"Idempotency-Key": key},
    )


async def test_parked_cases_are_listed_with_reason_age_and_candidates(
    desk: DeskInMemory, http: httpx.AsyncClient
) -> None:
    received = await desk.park(place=SEVERAL)
    desk.router.now += timedelta(hours=2)

    (line,) = (await http.get("/v1/parked")).json()["cases"]

    assert line["case"] == str(received.case_id)
    assert (line["reason"], line["reasonText"]) == ("ambiguous-place", "Ort nicht eindeutig")
    assert line["waitsSeconds"] == 2 * 3600
    assert line["serviceName"] == "Gewerbe Anmeldung"
    assert [each["authority"] for each in line["candidates"]] == [WEILMUENSTER, WEINBACH]
    assert line["candidates"][0]["name"] == "Gemeindevorstand der Gemeinde Weilmünster"


async def test_the_list_is_read_page_by_page_even_while_cases_leave_it(
    desk: DeskInMemory, http: httpx.AsyncClient
) -> None:
    parked = {(await desk.park(f"antrag-{number}")).case_id for number in range(5)}

    first = (await http.get("/v1/parked", params={"limit": 2})).json()
    await assign(http, UUID(first["cases"][1]["case"]))
    second = (await http.get("/v1/parked", params={"limit": 2, "after": first["next"]})).json()
    third = (await http.get("/v1/parked", params={"limit": 2, "after": second["next"]})).json()

    seen = [each["case"] for page in (first, second, third) for each in page["cases"]]
    assert sorted(seen) == sorted(map(str, parked))
    assert "next" not in third


@pytest.mark.parametrize("name", ["receipt", "submission", "case"])
async def test_a_parked_case_is_shown_by_any_of_its_numbers_without_its_content(
    desk: DeskInMemory, http: httpx.AsyncClient, name: str
) -> None:
    received = await desk.park(place=SEVERAL)
    numbers = {
        "receipt": received.data.receipt.receipt_number,
        "submission": str(received.submission_id),
        "case": str(received.case_id),
    }

    shown = (await http.get(f"/v1/parked/{numbers[name]}")).json()

    assert shown["decision"]["inquiry"]["place"] == {"plz": "35796"}
    assert shown["decision"]["areas"] == ["06533018", "06533019"]
    assert [each["why"] for each in shown["candidates"]] == ["possible-place"] * 2
    told = (await http.get(f"/v1/parked/{numbers[name]}", headers={"Accept-Language": "en"})).json()
    words = [each["candidates"][0]["whyText"] for each in (shown, told)]
    assert words == ["zuständig, falls dieser Ort gemeint ist", "competent if this place is meant"]
    assert (shown["reasonText"], told["reasonText"]) == ("Ort nicht eindeutig", "place not unique")
    for document in (shown, told):
        decision = document["decision"]
        assert decision["reasonText"] == document["reasonText"]
        assert decision["candidates"][0]["whyText"] == document["candidates"][0]["whyText"]
    assert "The place is not precise enough." in told["explanation"]
    assert "Der Ort ist nicht genau genug." in shown["explanation"]
    assert "ciphertext" not in str(shown)


async def test_an_assigned_case_goes_on_with_its_original_receipt_and_says_who_decided_why(
    desk: DeskInMemory, http: httpx.AsyncClient
) -> None:
    received = await desk.park()

    answer = await assign(http, received.case_id)

    assert answer.status_code == 200
    outcome = answer.json()
    assert (outcome["outcome"], outcome["authority"]) == ("routed", MARBURG)
    assert outcome["receivedAt"] == "2026-01-12T09:30:00Z"
    (routed,) = desk.of(SubmissionRouted)
    assert isinstance(routed.data, SubmissionRouted)
    assert routed.data.receipt == received.data.receipt
    assert routed.data.assignment is not None
    assert routed.data.assignment.model_dump() == {
        "role": "Klärungsstelle",
        "reason": "Standort geklärt",
        "principal": "klaerung-7",
    }
    assert (await http.get("/v1/parked")).json()["cases"] == []


async def test_a_repeated_order_tells_the_same_and_has_no_second_effect(
    desk: DeskInMemory, http: httpx.AsyncClient
) -> None:
    received = await desk.park()

    first = await assign(http, received.case_id)
    second = await assign(http, received.case_id)

    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert len(desk.of(SubmissionDelivered)) == 1
    assert len(desk.ordered) == 1


async def test_of_two_orders_at_once_one_wins_and_the_other_is_told(
    desk: DeskInMemory, http: httpx.AsyncClient
) -> None:
    received = await desk.park()
    desk.awake = False
    asked = asyncio.gather(
        assign(http, received.case_id, MARBURG, key="a"), assign(http, received.case_id, GIESSEN, key="b")
    )
    while len(desk.ordered) < 2:  # noqa: ASYNC110 - both requests come first, whatever they take
        await asyncio.sleep(0)
    await desk.act()

    won, lost = await asked

    assert (won.status_code, won.json()["authority"]) == (200, MARBURG)
    assert problem_of(lost) == (409, "already-routed")
    assert MARBURG in lost.json()["detail"]
    assert len(desk.of(SubmissionDelivered)) == 1


async def test_an_order_not_acted_on_in_time_is_pending_and_the_same_request_tells_its_outcome_later(
    desk: DeskInMemory, http: httpx.AsyncClient
) -> None:
    received = await desk.park()
    desk.awake = False

    early = await assign(http, received.case_id)
    await desk.act()
    late = await assign(http, received.case_id)

    assert (early.status_code, early.json()["outcome"]) == (202, "pending")
    assert early.headers["retry-after"] == "2"
    assert (late.status_code, late.json()["outcome"]) == (200, "routed")
    assert len(desk.of(SubmissionDelivered)) == 1


async def test_the_same_key_with_other_content_is_another_order(
    desk: DeskInMemory, http: httpx.AsyncClient
) -> None:
    received = await desk.park()

    await assign(http, received.case_id, MARBURG)

    assert problem_of(await assign(http, received.case_id, GIESSEN)) == (409, "already-routed")


async def test_an_unknown_case_and_one_that_was_never_at_the_desk_get_the_same_answer(
    desk: DeskInMemory, http: httpx.AsyncClient
) -> None:
    routed = await desk.park(place=Place(ags="06531005"))
    answers = [
        await http.get(f"/v1/parked/{routed.case_id}"),
        await http.get("/v1/parked/AW-0000"),
        await http.get("/v1/parked/AZ%2F4711"),
        await http.post("/v1/parked/AZ%2F4711/retry", json={}),
        await assign(http, routed.case_id),
        await assign(http, routed.submission_id),
    ]

    assert {problem_of(answer) for answer in answers} == {(404, "not-at-the-desk")}
    assert len({answer.json()["detail"] for answer in answers}) == 1


@pytest.mark.parametrize("authority", ["g-00000000", "g-06435014"])
async def test_an_authority_that_the_directory_does_not_have_today_is_refused_before_any_order(
    desk: DeskInMemory, http: httpx.AsyncClient, authority: str
) -> None:
    received = await desk.park()

    answer = await assign(http, received.case_id, authority)

    assert problem_of(answer) == (422, "unknown-authority")
    assert desk.ordered == []


async def test_an_authority_outside_the_candidates_must_be_confirmed(
    desk: DeskInMemory, http: httpx.AsyncClient
) -> None:
    received = await desk.park(place=SEVERAL)

    doubted = await assign(http, received.case_id, MARBURG)
    confirmed = await assign(http, received.case_id, MARBURG, outsideCandidates=True)

    assert problem_of(doubted) == (422, "not-a-candidate")
    assert WEINBACH in doubted.json()["detail"]
    assert confirmed.json()["outcome"] == "routed"


async def test_an_assignment_to_an_unconnected_authority_is_refused_and_the_case_stays_parked(
    desk: DeskInMemory, http: httpx.AsyncClient
) -> None:
    received = await desk.park()

    answer = await assign(http, received.case_id, NOT_CONNECTED)

    assert problem_of(answer) == (422, "not-connected")
    assert len((await http.get("/v1/parked")).json()["cases"]) == 1


async def test_a_retry_decides_again_by_the_directory(desk: DeskInMemory, http: httpx.AsyncClient) -> None:
    received = await desk.park()

    answer = await http.post(f"/v1/parked/{received.case_id}/retry", json={})

    assert (answer.status_code, answer.json()["outcome"]) == (200, "parked")
    assert answer.json()["reasonText"] == "Ort außerhalb des Landes"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"authority": MARBURG, "reason": "Frau Mustermann zog um"}, "bad-reason"),
        ({"authority": MARBURG, "reason": " "}, "bad-reason"),
        ({"authority": MARBURG}, "invalid"),
        ({"authority": "Marburg", "reason": "Standort geklärt"}, "invalid"),
        ({"authority": MARBURG, "reason": "Standort geklärt", "role": "Amtsleitung"}, "invalid"),
    ],
)
async def test_a_request_that_cannot_be_taken_says_why_and_repeats_nothing(
    desk: DeskInMemory, http: httpx.AsyncClient, body: dict[str, str], kind: str
) -> None:
    received = await desk.park()

    answer = await http.post(f"/v1/parked/{received.case_id}/assignment", json=body)

    assert problem_of(answer) == (422, kind)
    assert "Mustermann" not in answer.text
    assert not answer.json()["detail"].startswith("reason:")  # a person reads it, in German here
    assert desk.ordered == []


@pytest.mark.parametrize(
    "cursor", ["x", "_", "2026-01-12T09:30:00+00:00_x", "2026-01-12T09:30:00_" + "0" * 32]
)
async def test_an_invalid_cursor_is_refused(http: httpx.AsyncClient, cursor: str) -> None:
    assert problem_of(await http.get("/v1/parked", params={"after": cursor})) == (422, "bad-cursor")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({"Authorization": ""}, (401, "token-invalid"), id="without a token"),
        pytest.param(token(audience="intake"), (401, "token-invalid"), id="for another service"),
        pytest.param(token(scope=""), (403, "scope-missing"), id="without the scope"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/x"), ("POST", "/x/assignment"), ("POST", "/x/retry")],
)
async def test_requests_without_a_valid_token_are_refused(
    http: httpx.AsyncClient, headers: dict[str, str], expected: tuple[int, str], method: str, path: str
) -> None:
    body = {"authority": MARBURG, "reason": "x"} if path.endswith("assignment") else {}
    answer = await http.request(method, f"/v1/parked{path}", headers=headers, json=body)

    assert problem_of(answer) == expected
    assert answer.headers["www-authenticate"].startswith('Bearer realm="desk"')


async def test_a_suspended_clerk_cannot_use_an_older_token(
    desk: DeskInMemory, http: httpx.AsyncClient
) -> None:
    assert (await http.get("/v1/parked")).status_code == 200
    desk.revoked.add("klaerung-7")

    assert problem_of(await http.get("/v1/parked")) == (401, "token-invalid")


async def test_while_the_view_is_away_the_desk_says_so(desk: DeskInMemory, http: httpx.AsyncClient) -> None:
    desk.cases.away = True

    assert problem_of(await http.get("/v1/parked")) == (503, "unavailable")


async def test_the_description_states_openapi_3_1_and_the_scope(http: httpx.AsyncClient) -> None:
    description = (await http.get("/openapi.json")).json()

    assert description["openapi"].startswith("3.1")
    operations = [
        each for path in description["paths"].items() if "parked" in path[0] for each in path[1].values()
    ]
    assert [each["security"] for each in operations] == [[{"desk": ["desk"]}]] * 5
    assert all("application/problem+json" in each["responses"]["403"]["content"] for each in operations)


async def test_the_log_line_of_an_order_names_case_and_trace(
    desk: DeskInMemory, http: httpx.AsyncClient
) -> None:
    received = await desk.park()
    with structlog.testing.capture_logs() as lines:
        await assign(http, received.case_id)
    order = event_of(desk.ordered[0])
    (line,) = [line for line in lines if str(line.get("route")).endswith("/assignment")]
    assert line["case_id"] == str(received.case_id)
    assert order.traceparent is not None
    assert line["trace_id"] == order.traceparent.split("-")[1]
