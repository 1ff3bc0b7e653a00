"""The inbox over HTTP: what is whose, for whom a record is, one position, and waiting."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid5

import httpx
import pytest

from services.router.domain.cases.due import Due, DueKind
from services.router.domain.cases.inbox import write_cursor
from shared.offload import LARGE
from tests.support.counted_threads import counted_threads
from tests.support.doors import PROVIDER, DoorsInMemory, connected, in_vain
from tests.support.events import GIESSEN, SUBMISSION_ID

pytestmark = pytest.mark.slow

MARBURG, STRANGER = "g-06534014", "k-06531"


@pytest.fixture
def doors() -> DoorsInMemory:
    doors = DoorsInMemory()
    for authority in (GIESSEN, MARBURG, STRANGER, GIESSEN):
        doors.inboxes.put(authority, b'{"receipt":{"receiptNumber":"R-1"}}')
    return doors


@pytest.fixture
async def http(doors: DoorsInMemory) -> AsyncIterator[httpx.AsyncClient]:
    async with connected(doors) as client:
        yield client


@pytest.fixture
async def provider(doors: DoorsInMemory) -> AsyncIterator[httpx.AsyncClient]:
    async with connected(doors, principal=PROVIDER) as client:
        yield client


def of(answer: httpx.Response) -> list[tuple[str, str]]:
    records = answer.raise_for_status().json()["records"]
    return [(each["authority"], each["headers"]["ce_id"]) for each in records]


def kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:amtsweg:problem:")


async def test_an_authority_sees_its_own_records_in_order(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/inbox")

    assert of(answer) == [(GIESSEN, f"{GIESSEN}/0"), (GIESSEN, f"{GIESSEN}/1")]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["records"][0]["event"] == {"receipt": {"receiptNumber": "R-1"}}


@pytest.mark.parametrize(("size", "in_a_thread"), [(10, 0), (LARGE, 1)])
async def test_a_large_page_is_written_in_a_thread(
    doors: DoorsInMemory, http: httpx.AsyncClient, size: int, in_a_thread: int
) -> None:
    doors.inboxes.put(GIESSEN, json.dumps({"text": "x" * size}).encode())
    with counted_threads() as threads:
        found = of(await http.get("/v1/inbox"))
    assert len(found) == 3
    assert threads.given == in_a_thread


@pytest.mark.parametrize(("size", "in_a_thread"), [(10, 0), (LARGE, 1)])
async def test_a_large_body_is_checked_in_a_thread(
    http: httpx.AsyncClient, size: int, in_a_thread: int
) -> None:
    with counted_threads() as threads:
        answer = await http.post("/v1/answers", content=b'{"a": "%b", "a": 1}' % (b"x" * size))
    assert kind(answer)[0] == 422
    assert threads.given == in_a_thread


async def test_a_provider_sees_all_that_it_serves_and_each_record_says_for_whom(
    provider: httpx.AsyncClient,
) -> None:
    everything = of(await provider.get("/v1/inbox"))

    assert sorted(everything) == [
        (GIESSEN, f"{GIESSEN}/0"),
        (GIESSEN, f"{GIESSEN}/1"),
        (MARBURG, f"{MARBURG}/0"),
    ]
    assert of(await provider.get("/v1/inbox", params={"authority": MARBURG})) == [(MARBURG, f"{MARBURG}/0")]


async def test_a_page_goes_on_after_the_last_one_without_confirming(
    doors: DoorsInMemory, provider: httpx.AsyncClient
) -> None:
    seen: list[tuple[str, str]] = []
    params: dict[str, Any] = {"limit": 1}
    while found := of(answer := await provider.get("/v1/inbox", params=params)):
        seen += found
        params["after"] = answer.json()["cursor"]

    assert len(seen) == len(set(seen)) == 3
    assert doors.inboxes.committed == {}


async def test_a_confirmation_moves_the_position_to_there_and_again_is_the_same(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    first, _ = (await http.get("/v1/inbox")).json()["records"]

    told = [await http.post("/v1/inbox/confirmation", json={"cursor": first["cursor"]}) for _ in range(2)]

    assert [answer.status_code for answer in told] == [204, 204]
    assert doors.inboxes.committed == {GIESSEN: 1}
    assert of(await http.get("/v1/inbox")) == [(GIESSEN, f"{GIESSEN}/1")]


async def test_a_confirmation_that_comes_late_takes_nothing_back(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    first, second = (await http.get("/v1/inbox")).json()["records"]

    for each in (second, first):
        told = await http.post("/v1/inbox/confirmation", json={"cursor": each["cursor"]})
        assert told.status_code == 204

    assert doors.inboxes.committed == {GIESSEN: 2}


async def test_a_cursor_beyond_the_end_is_refused_at_once_and_confirms_nothing(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    """It comes from another stack: whoever waited behind it would wait for ever."""
    cursor = write_cursor({GIESSEN: 3})

    read = await http.get("/v1/inbox", params={"after": cursor, "wait": 30})
    confirmed = await http.post("/v1/inbox/confirmation", json={"cursor": cursor})

    assert [kind(each) for each in (read, confirmed)] == [(422, "bad-cursor")] * 2
    assert doors.inboxes.committed == {}


async def test_an_inbox_that_is_never_confirmed_hides_no_other_from_its_provider(
    doors: DoorsInMemory, provider: httpx.AsyncClient
) -> None:
    for _ in range(10):
        doors.inboxes.put(GIESSEN)

    page = of(await provider.get("/v1/inbox", params={"limit": 5}))

    assert (MARBURG, f"{MARBURG}/0") in page
    assert [each for each in page if each[0] == GIESSEN] == [(GIESSEN, f"{GIESSEN}/{at}") for at in range(4)]


async def test_while_a_consumer_is_in_the_group_nothing_is_confirmed_or_replayed(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    cursor = (await http.get("/v1/inbox")).json()["cursor"]
    doors.inboxes.consumers.add(GIESSEN)

    confirmed = await http.post("/v1/inbox/confirmation", json={"cursor": cursor})
    replayed = await http.post("/v1/inbox/replay", json={"since": datetime.now(UTC).isoformat()})
    status = (await http.get("/v1/inbox/status")).json()["inboxes"]

    assert kind(confirmed) == kind(replayed) == (409, "consumer-in-group")
    assert [each["consumer"] for each in status] == [True]
    assert doors.inboxes.committed == {}


@pytest.mark.parametrize("principal", [GIESSEN, PROVIDER])
async def test_another_authoritys_records_cannot_be_seen_confirmed_or_replayed(
    doors: DoorsInMemory, principal: str
) -> None:
    async with connected(doors, principal=STRANGER) as theirs:
        cursor = (await theirs.get("/v1/inbox")).json()["cursor"]
    since = datetime.now(UTC).isoformat()
    async with connected(doors, principal=principal) as http:
        named = await http.get("/v1/inbox", params={"authority": STRANGER})
        status = await http.get("/v1/inbox/status", params={"authority": STRANGER})
        replayed = await http.post("/v1/inbox/replay", json={"since": since, "authority": STRANGER})
        read_on = await http.get("/v1/inbox", params={"after": cursor})
        confirmed = await http.post("/v1/inbox/confirmation", json={"cursor": cursor})
        everything = of(await http.get("/v1/inbox"))

    assert [kind(answer) for answer in (named, status, replayed)] == [(403, "authority-not-served")] * 3
    assert [kind(answer) for answer in (read_on, confirmed)] == [(422, "bad-cursor")] * 2
    assert STRANGER not in {authority for authority, _ in everything}
    assert doors.inboxes.committed == {}


async def test_a_provider_of_several_authorities_names_the_inbox_to_read_again(
    doors: DoorsInMemory, provider: httpx.AsyncClient
) -> None:
    since = datetime.now(UTC).isoformat()
    doors.inboxes.committed = {GIESSEN: 2, MARBURG: 1}

    unnamed = await provider.post("/v1/inbox/replay", json={"since": since})
    named = await provider.post("/v1/inbox/replay", json={"since": since, "authority": MARBURG})

    assert kind(unnamed) == (422, "authority-missing")
    assert named.json()["inboxes"] == [
        {
            "authority": MARBURG,
            "waiting": 1,
            "oldestWaiting": "1970-01-01T00:00:00Z",
            "consumer": False,
            "refusedAnswers": 0,
            "failedWebhookCalls": 0,
            "periodsOver": 0,
        }
    ]
    assert doors.inboxes.committed == {GIESSEN: 2, MARBURG: 0}


async def test_a_replay_goes_back_30_days_at_most(http: httpx.AsyncClient) -> None:
    since = datetime.now(UTC) - timedelta(days=31)

    assert kind(await http.post("/v1/inbox/replay", json={"since": since.isoformat()})) == (
        422,
        "too-long-ago",
    )


async def long_poll(http: httpx.AsyncClient, doors: DoorsInMemory) -> "asyncio.Future[httpx.Response]":
    """A request that the door lets wait."""
    asked = asyncio.ensure_future(http.get("/v1/inbox", params={"wait": 30}))
    async with asyncio.timeout(10):
        while not doors.arrivals.waiting:  # noqa: ASYNC110 - the door says it
            await asyncio.sleep(0)
    return asked


async def test_a_waiting_request_ends_with_a_new_record_or_when_its_time_is_over(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    doors.inboxes.committed[GIESSEN] = 2
    waiting = await long_poll(http, doors)
    doors.inboxes.put(GIESSEN)
    doors.arrivals.arrived(GIESSEN)

    assert of(await asyncio.wait_for(waiting, 10)) == [(GIESSEN, f"{GIESSEN}/2")]
    doors.inboxes.committed[GIESSEN] = 3
    assert of(await http.get("/v1/inbox", params={"wait": 1})) == []
    assert not doors.arrivals.waiting


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", "/confirmation"), ("GET", "/status"), ("POST", "/replay")],
)
async def test_nobody_comes_in_without_a_token_or_the_scope(
    doors: DoorsInMemory, http: httpx.AsyncClient, method: str, path: str
) -> None:
    body = {"cursor": "x", "since": "2026-01-12T10:00:00Z"}
    nobody = await http.request(method, f"/v1/inbox{path}", headers={"Authorization": ""}, json=body)
    doors.scopes = frozenset({"answers.write"})
    without = await http.request(method, f"/v1/inbox{path}", json=body)

    assert kind(nobody) == (401, "token-invalid")
    assert kind(without) == (403, "scope-missing")


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 101}, {"wait": 31}, {"authority": "?"}])
async def test_a_parameter_outside_its_limits_is_refused(
    http: httpx.AsyncClient, params: dict[str, Any]
) -> None:
    assert kind(await http.get("/v1/inbox", params=params)) == (422, "invalid")


async def test_a_waiting_request_gets_no_record_after_a_revocation(doors: DoorsInMemory) -> None:
    doors.inboxes.committed[GIESSEN] = 2
    async with connected(doors) as http:
        waiting = await long_poll(http, doors)
        doors.revoked.add(GIESSEN)
        doors.inboxes.put(GIESSEN, b'{"secret":"x"}')
        doors.arrivals.arrived(GIESSEN)
        answer = await asyncio.wait_for(waiting, 10)

    assert (answer.status_code, "secret" in answer.text) == (401, False)


async def test_a_revocation_ends_a_waiting_request_before_any_record_comes(doors: DoorsInMemory) -> None:
    doors.inboxes.committed[GIESSEN] = 2
    async with connected(doors) as http:
        waiting = await long_poll(http, doors)
        doors.revoked.add(GIESSEN)
        answer = await asyncio.wait_for(waiting, 10)

    assert kind(answer) == (401, "token-invalid")


async def test_a_waiting_request_ends_when_its_authority_is_suspended(doors: DoorsInMemory) -> None:
    doors.inboxes.committed |= {GIESSEN: 2, MARBURG: 1}
    async with connected(doors, principal=PROVIDER) as http:
        waiting = await long_poll(http, doors)
        doors.suspended.add(GIESSEN)
        answer = await asyncio.wait_for(waiting, 10)

    assert kind(answer) == (401, "token-invalid")


async def test_the_status_tells_which_period_ends_next_and_how_many_are_over(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    days: list[tuple[DueKind, date]] = [
        ("decision-due", date(2026, 4, 12)),
        ("decision-due", date(2026, 4, 9)),
        ("period-over", date(2026, 4, 1)),
        ("confirmation-late", date(2026, 3, 1)),
    ]
    cases = [uuid5(SUBMISSION_ID, str(number)) for number in range(len(days) + 1)]
    for case, (kind_, on) in zip(cases, days, strict=False):
        doors.due[case] = Due(kind=kind_, on=on)
        doors.owe(case)
    doors.due[cases[-1]] = Due(kind="decision-due", on=date(2026, 4, 2))
    doors.owe(cases[-1], authority=MARBURG)

    status = (await http.get("/v1/inbox/status")).json()["inboxes"][0]

    assert status["nextPeriod"] == {"caseId": str(cases[1]), "decideBy": "2026-04-09"}
    assert status["periodsOver"] == 1


async def test_the_status_shows_an_authority_how_its_inbox_and_answers_stand(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    before = (await http.get("/v1/inbox/status")).json()["inboxes"][0]
    await http.get("/v1/inbox")
    unknown = {
        "id": "a-1",
        "caseId": str(SUBMISSION_ID),
        "kind": "accepted",
        "givenAt": "2026-01-12T10:15:00Z",
    }
    refused = await http.post("/v1/answers", json=unknown)
    await http.put("/v1/webhook", json={"url": "https://example.org/"})
    doors.webhooks.found[GIESSEN] = replace(
        doors.webhooks.found[GIESSEN], failing_since=doors.now, failed_calls=3
    )
    vain = in_vain(SUBMISSION_ID)
    doors.vain[GIESSEN] = [vain]
    after = (await http.get("/v1/inbox/status")).json()["inboxes"][0]

    assert refused.status_code == 404
    assert before == {
        "authority": GIESSEN,
        "waiting": 2,
        "oldestWaiting": "1970-01-01T00:00:00Z",
        "consumer": False,
        "refusedAnswers": 0,
        "failedWebhookCalls": 0,
        "periodsOver": 0,
    }
    assert after == before | {
        "lastFetch": "2026-01-12T10:00:00Z",
        "refusedAnswers": 1,
        "withoutEffect": [json.loads(vain.model_dump_json(by_alias=True))],
        "webhook": "failing",
        "failedWebhookCalls": 3,
    }


async def test_a_principal_over_its_limit_waits_and_others_do_not(doors: DoorsInMemory) -> None:
    doors.requests_per_minute = 2
    async with connected(doors) as http, connected(doors, principal=MARBURG) as other:
        answers = [await http.get("/v1/inbox/status") for _ in range(3)]
        elsewhere = await other.get("/v1/inbox/status")

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].json()["type"] == "urn:amtsweg:problem:too-many-requests"
    assert int(answers[-1].headers["retry-after"]) > 0
    assert elsewhere.status_code == 200


async def test_a_provider_may_ask_as_often_as_all_that_it_serves(doors: DoorsInMemory) -> None:
    doors.requests_per_minute = 2
    async with connected(doors, principal=PROVIDER) as provider:
        answers = [await provider.get("/v1/inbox/status") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200] * 4 + [429]
