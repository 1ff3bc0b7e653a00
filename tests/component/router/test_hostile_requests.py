"""What no client of ours would send to the authorities' doors: refused with its place, and without an effect."""

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from services.router.adapters.http.inbox import UNREADABLE
from tests.support.doors import PROVIDER, DoorsInMemory, connected, doors_app
from tests.support.events import GIESSEN

STRANGER = "g-06412000"
OWN = f"authority={GIESSEN}"


@pytest.fixture
def doors() -> DoorsInMemory:
    return DoorsInMemory()


@pytest.fixture(params=[GIESSEN, PROVIDER])
async def http(request: pytest.FixtureRequest, doors: DoorsInMemory) -> AsyncIterator[httpx.AsyncClient]:
    async with connected(doors, principal=request.param) as client:
        yield client


def routes() -> Iterator[tuple[str, str]]:
    for path, methods in doors_app(DoorsInMemory()).openapi()["paths"].items():
        if path.startswith("/v1/"):
            yield from ((method.upper(), path) for method in methods)


BODY = b'{"url": "https://receiver.example/", "cursor": "e30", "since": "2026-01-12T10:00:00Z"}'
QUERIES = {
    "own, then foreign": f"{OWN}&authority={STRANGER}",
    "foreign, then own": f"authority={STRANGER}&{OWN}",
    "the same twice": f"{OWN}&{OWN}",
    "misspelt": f"authorty={GIESSEN}",
    "as a list": f"authority[]={GIESSEN}",
    "in capitals": f"Authority={GIESSEN}",
    "with NUL": "%00=1",
    "no UTF-8": "%ff=1",
    "endless": "x" * 5_000 + "=1",
    "very many": "&".join(f"x{number}=1" for number in range(5_000)),
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=list(QUERIES))
@pytest.mark.parametrize(("method", "path"), [*routes()], ids=" ".join)
async def test_a_parameter_that_is_unknown_or_there_twice_is_refused_and_widens_nothing(
    doors: DoorsInMemory, http: httpx.AsyncClient, method: str, path: str, query: str
) -> None:
    await http.put("/v1/webhook", json={"url": "https://receiver.example/"})
    registered = dict(doors.webhooks.found)
    answer = await http.request(
        method, f"{path}?{query}", content=BODY, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.json()["resolution"]
    assert len(answer.content) < 10_000
    assert doors.webhooks.found == registered
    assert doors.inboxes.committed == {}


async def test_a_caller_without_a_token_learns_nothing_of_parameters(doors: DoorsInMemory) -> None:
    async with connected(doors, principal="") as nobody:
        assert (await nobody.get("/v1/inbox?authorty=x")).status_code == 401


def cursor(document: Any) -> str:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return urlsafe_b64encode(content).decode().rstrip("=")


CURSORS = {
    "padding": "====",
    "NUL": "\0",
    "no ASCII": "é",
    "too long": "a" * 24_001,
    "a list": cursor([]),
    "null": cursor(None),
    "a negative place": cursor({GIESSEN: -1}),
    "no place": cursor({GIESSEN: 2**63}),
    "an endless place": cursor({GIESSEN: 10**400}),
    "a fraction": cursor({GIESSEN: 1.5}),
    "true": cursor({GIESSEN: True}),
    "a text": cursor({GIESSEN: "1"}),
    "another's": cursor({STRANGER: 0}),
    "own and another's": cursor({GIESSEN: 0, STRANGER: 0}),
    "nobody's": cursor({"": 0}),
    "no number": cursor(b'{"%s": NaN}' % GIESSEN.encode()),
    "nested": cursor(b"[" * 10_000),
    "no UTF-8": cursor(b"\xff"),
}


@pytest.mark.parametrize("sent", CURSORS.values(), ids=list(CURSORS))
async def test_a_cursor_that_is_none_moves_nothing(
    doors: DoorsInMemory, http: httpx.AsyncClient, sent: str
) -> None:
    read = await http.get("/v1/inbox", params={"after": sent})
    confirmed = await http.post("/v1/inbox/confirmation", json={"cursor": sent})
    for answer in (read, confirmed):
        assert answer.status_code == 422
        assert answer.json()["resolution"]
    assert doors.inboxes.committed == {}


VALUES = {
    "no JSON": b"{",
    "nested": b"[" * 300 + b"]" * 300,
    "nested without end": b"[" * 100_000 + b"]" * 100_000,
    "a surrogate": rb'{"a":"\ud800"}',
    "endless digits": b"9" * 5_000,
    "no number": b'{"a":NaN}',
    "no UTF-8": b"\xff",
    "nothing": b"",
}


@pytest.mark.parametrize("value", VALUES.values(), ids=list(VALUES))
async def test_an_unreadable_value_hides_no_fault_after_it(
    doors: DoorsInMemory, http: httpx.AsyncClient, value: bytes
) -> None:
    doors.inboxes.put(GIESSEN, value)
    doors.inboxes.put(GIESSEN, b'{"a":1}')
    records = (await http.get("/v1/inbox")).raise_for_status().json()["records"]
    assert [each["headers"].get("ce_type") == UNREADABLE for each in records] == [True, False]
    assert records[1]["event"] == {"a": 1}
