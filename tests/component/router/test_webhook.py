"""The registration of a webhook over HTTP: whose it is, what is sent nowhere, and the secret."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.doors import PROVIDER, SERVED, WEBHOOK_KEYS, DoorsInMemory, connected
from tests.support.events import GIESSEN

URL = "https://example.org/amtsweg"


@pytest.fixture
def doors() -> DoorsInMemory:
    return DoorsInMemory()


@pytest.fixture
async def http(doors: DoorsInMemory) -> AsyncIterator[httpx.AsyncClient]:
    async with connected(doors) as client:
        yield client


async def test_a_registration_returns_the_secret_and_the_public_keys(http: httpx.AsyncClient) -> None:
    registered = (await http.put("/v1/webhook", json={"url": URL})).raise_for_status()
    again = (await http.put("/v1/webhook", json={"url": URL})).json()
    looked = (await http.get("/v1/webhook")).json()

    assert registered.headers["cache-control"] == "no-store"
    assert registered.json() == again
    assert again["secret"] == WEBHOOK_KEYS.secret(GIESSEN, 1)
    assert looked == {
        "webhooks": [{"authority": GIESSEN, "url": URL, "state": "active", "failedCalls": 0, "laidAside": 0}],
        "publicKeys": WEBHOOK_KEYS.public_keys(),
    }


async def test_a_provider_registers_for_all_that_it_serves_with_one_secret(doors: DoorsInMemory) -> None:
    async with connected(doors, principal=PROVIDER) as provider:
        registered = (await provider.put("/v1/webhook", json={"url": URL})).json()
        one = await provider.put("/v1/webhook", json={"url": URL + "/2", "authority": GIESSEN})

    assert {each["authority"] for each in registered["webhooks"]} == SERVED
    assert [each["url"] for each in one.json()["webhooks"]] == [URL + "/2"]
    assert one.json()["secret"] == registered["secret"] == WEBHOOK_KEYS.secret(PROVIDER, 1)


async def test_nobody_registers_or_ends_a_webhook_of_another_authority(
    doors: DoorsInMemory, http: httpx.AsyncClient
) -> None:
    foreign = {"authority": "g-06534014"}
    answers = [
        await http.put("/v1/webhook", json={"url": URL, **foreign}),
        await http.get("/v1/webhook", params=foreign),
        await http.delete("/v1/webhook", params=foreign),
    ]

    assert [answer.status_code for answer in answers] == [403] * 3
    assert doors.webhooks.found == {}


async def test_without_the_right_nothing_is_registered(doors: DoorsInMemory, http: httpx.AsyncClient) -> None:
    doors.scopes = frozenset({"inbox.read", "answers.write"})

    assert (await http.put("/v1/webhook", json={"url": URL})).status_code == 403


async def test_an_unusable_webhook_address_is_refused_with_a_resolution(http: httpx.AsyncClient) -> None:
    answer = await http.put("/v1/webhook", json={"url": "https://192.168.0.1/"})

    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:amtsweg:problem:url-not-permitted"
    assert "https" in answer.json()["resolution"]
    assert (
        answer.json()["detail"]
        == "An diese Adresse wird nichts gesendet: diese Adresse ist nicht öffentlich."
    )


async def test_a_new_secret_leaves_the_old_one_for_a_while(http: httpx.AsyncClient) -> None:
    before = await http.post("/v1/webhook/secret")
    await http.put("/v1/webhook", json={"url": URL})
    rotated = (await http.post("/v1/webhook/secret")).raise_for_status().json()

    await http.delete("/v1/webhook")
    withdrawn = await http.post("/v1/webhook/secret")

    assert [(each.status_code, each.json()["type"]) for each in (before, withdrawn)] == 2 * [
        (404, "urn:amtsweg:problem:no-webhook")
    ]
    assert rotated["secret"] == WEBHOOK_KEYS.secret(GIESSEN, 2)
    assert "previousUntil" in rotated


async def test_a_withdrawn_webhook_is_no_longer_called(http: httpx.AsyncClient) -> None:
    await http.put("/v1/webhook", json={"url": URL})
    answers = [await http.delete("/v1/webhook") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]
    assert (await http.get("/v1/webhook")).json()["webhooks"][0]["state"] == "withdrawn"
