"""Webhooks on real parts: announced once, signed, in order; what a receiver does to itself it does to nobody else."""

import asyncio
import base64
import hashlib
import hmac
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

import asyncpg
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from amtsweg.stack.provision.postgres import DATABASE
from amtsweg.stack.service import ServiceProcess
from shared.events.competence import Place
from shared.events.topics import AUTHORITY_INBOX
from shared.kafka.bounded_decompression import MAX_UNPACKED_BYTES
from tests.integration.router.conftest import Ground, url
from tests.integration.router.what_is_known import logged
from tests.support.batches import batch, send_batch
from tests.support.receiver import Call, Receiver, answering, receiving

MARBURG, WETZLAR, HANAU, LIMBURG = "g-06534014", "g-06532023", "g-06415000", "g-06533009"
NAUHEIM = "g-06440002"
"""Its inbox holds what no reader of the whole topic gets past, once its test has run."""

EVERYBODY = (MARBURG, WETZLAR, HANAU, LIMBURG)
Http = Callable[[str], Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def http(ground: Ground, doors: ServiceProcess, intake: ServiceProcess) -> AsyncIterator[Http]:
    """A client for each authority; afterwards nobody has a webhook, and everything is confirmed."""
    async with AsyncExitStack() as opened:
        clients: dict[str, httpx.AsyncClient] = {}

        async def client(authority: str) -> httpx.AsyncClient:
            if authority not in clients:
                made = await opened.enter_async_context(httpx.AsyncClient(base_url=url(doors), timeout=60))
                made.headers["Authorization"] = "Bearer " + await token(ground, intake, authority)
                clients[authority] = made
                await confirm_all(made)
            return clients[authority]

        yield client
        for each in clients.values():
            assert (await each.delete("/v1/webhook")).status_code == 204


async def token(ground: Ground, intake: ServiceProcess, authority: str) -> str:
    form = {"grant_type": "client_credentials", "scope": "inbox.read webhooks.write"}
    login = (authority, ground.made.authority_secrets[authority])
    async with httpx.AsyncClient(timeout=30) as door:
        asked = await door.post(f"{url(intake)}/token", data=form, auth=login)
    return str(asked.raise_for_status().json()["access_token"])


async def confirm_all(client: httpx.AsyncClient) -> None:
    while (page := (await client.get("/v1/inbox", params={"limit": 100})).raise_for_status().json())[
        "records"
    ]:
        answer = await client.post("/v1/inbox/confirmation", json={"cursor": page["cursor"]})
        assert answer.status_code == 204


async def register(client: httpx.AsyncClient, receiver: Receiver) -> dict[str, Any]:
    answer = await client.put("/v1/webhook", json={"url": receiver.url})
    document: dict[str, Any] = answer.raise_for_status().json()
    return document


async def submitted(ground: Ground, authority: str, number: int) -> list[str]:
    """Cases for the authority."""
    received = [ground.submission(place=Place(ags=authority.removeprefix("g-"))) for _ in range(number)]
    await ground.receive(*received)
    return [str(each.case_id) for each in received]


async def ids_of(ground: Ground, authority: str, cases: list[str]) -> list[str]:
    """The ids of the records about these cases as they lie in the inbox, in order."""
    found = await ground.records(AUTHORITY_INBOX.for_authority(authority), partitions=1)
    headers = [{name: value.decode() for name, value in record.headers} for record in found]
    return [each["ce_id"] for each in headers if each["ce_caseid"] in cases]


async def test_a_record_is_announced_with_two_kinds_of_signatures_and_is_fetched_from_the_inbox(
    ground: Ground, http: Http
) -> None:
    client = await http(MARBURG)
    async with receiving() as receiver:
        registered = await register(client, receiver)
        cases = await submitted(ground, MARBURG, 3)
        await receiver.until(lambda r: len(r.calls) >= 3)
        call = receiver.calls[0]
        rotated = (await client.post("/v1/webhook/secret")).raise_for_status().json()
        # The sender learns of it within seconds; until then a call has two signatures, then three.
        while signatures(later := receiver.calls[-1]) < 3:
            known = len(receiver.calls)
            await submitted(ground, MARBURG, 1)
            await receiver.until(partial(more_than, known))
        await client.delete("/v1/webhook")
        withdrawn = await client.post("/v1/webhook/secret")

    assert (withdrawn.status_code, withdrawn.json()["type"]) == (404, "urn:amtsweg:problem:no-webhook")
    assert receiver.ids[:3] == await ids_of(ground, MARBURG, cases)
    assert all(len(each.body) < 1000 for each in receiver.calls)
    assert verified(call.headers, call.body, registered) == {"v1", "v1a"}
    assert verified(later.headers, later.body, registered) == {"v1", "v1a"}
    assert verified(later.headers, later.body, rotated) == {"v1", "v1a"}
    assert registered["secret"] != rotated["secret"]
    data = call.document["data"]
    assert data["authority"] == MARBURG
    fetched = (await client.get("/v1/inbox", params={"after": data["after"], "limit": 1})).json()["records"]
    assert [each["headers"]["ce_id"] for each in fetched] == [call.webhook_id]


def more_than(number: int, receiver: Receiver) -> bool:
    return len(receiver.calls) > number


def signatures(call: Call) -> int:
    return len(call.headers["webhook-signature"].split(" "))


def verified(headers: dict[str, str], body: bytes, told: dict[str, Any]) -> set[str]:
    """Which kinds of signature hold, checked as the specification says."""
    content = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    secret = base64.b64decode(told["secret"].removeprefix("whsec_"))
    public = [base64.b64decode(key.removeprefix("whpk_")) for key in told["publicKeys"]]
    found = set()
    for each in headers["webhook-signature"].split(" "):
        version, _, text = each.partition(",")
        signature = base64.b64decode(text)
        if version == "v1" and hmac.compare_digest(hmac.digest(secret, content, hashlib.sha256), signature):
            found.add(version)
        if version == "v1a":
            Ed25519PublicKey.from_public_bytes(public[0]).verify(signature, content)
            found.add(version)
    assert abs(int(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 300
    return found


async def test_bad_receivers_harm_nobody_else_and_lose_nothing(ground: Ground, http: Http) -> None:
    """One never answers, one answers garbage once, one sends elsewhere; the fourth is told everything meanwhile."""
    garbage = iter([b"\x00\xff no HTTP at all\r\n\r\n", answering("503 Busy", "Retry-After: 1")])
    async with AsyncExitStack() as opened:
        fine = await opened.enter_async_context(receiving())
        silent = await opened.enter_async_context(receiving(lambda _: None))
        broken = await opened.enter_async_context(receiving(lambda _: next(garbage, answering("200 OK"))))
        moved = await opened.enter_async_context(
            receiving(lambda _: answering("302 Found", f"Location: {fine.url}"))
        )
        receivers = dict(zip(EVERYBODY, (fine, silent, broken, moved), strict=True))
        for authority, receiver in receivers.items():
            await register(await http(authority), receiver)
        cases = {each: await submitted(ground, each, 2) for each in EVERYBODY}
        await fine.until(lambda r: len(r.calls) >= 2)
        await broken.until(lambda r: len(set(r.ids)) >= 2, seconds=120)
        await moved.until(lambda r: len(r.calls) >= 2)
        stands = {
            each: (await (await http(each)).get("/v1/webhook")).json()["webhooks"][0] for each in EVERYBODY
        }
        left = {each: (await (await http(each)).get("/v1/inbox")).json()["records"] for each in EVERYBODY}

    assert fine.ids == await ids_of(ground, MARBURG, cases[MARBURG])
    first, second = await ids_of(ground, HANAU, cases[HANAU])
    assert broken.ids == [first, first, first, second]
    assert set(moved.ids) == {(await ids_of(ground, LIMBURG, cases[LIMBURG]))[0]}
    assert stands[HANAU]["failedCalls"] == 2
    assert stands[LIMBURG]["state"] == "failing"
    assert stands[LIMBURG]["lastFailure"] == "HTTP 302"
    assert {each: len(records) for each, records in left.items()} == dict.fromkeys(EVERYBODY, 2)


async def test_410_ends_the_webhook_until_it_is_registered_anew(ground: Ground, http: Http) -> None:
    client = await http(WETZLAR)
    async with receiving(lambda _: answering("410 Gone")) as gone, receiving() as fine:
        await register(client, gone)
        cases = await submitted(ground, WETZLAR, 2)
        await gone.until(lambda r: bool(r.calls))
        async with asyncio.timeout(60):
            while (await client.get("/v1/webhook")).json()["webhooks"][0]["state"] != "gone":
                pass
        await register(client, fine)
        await fine.until(lambda r: len(r.calls) >= 2)

    assert len(gone.calls) == 1
    assert fine.ids == await ids_of(ground, WETZLAR, cases)


async def test_what_has_been_confirmed_elsewhere_is_not_announced_and_a_replay_is_announced_again(
    ground: Ground, http: Http
) -> None:
    """From pull to webhook and back: nothing is lost, and only what was not confirmed comes again, under its id."""
    client = await http(HANAU)
    began = datetime.now(UTC) - timedelta(seconds=1)
    cases = await submitted(ground, HANAU, 3)
    async with asyncio.timeout(60):
        while len(page := (await client.get("/v1/inbox", params={"wait": 5})).json()["records"]) < 3:
            pass
    await client.post("/v1/inbox/confirmation", json={"cursor": page[1]["cursor"]})
    ids = await ids_of(ground, HANAU, cases)

    async with receiving() as receiver:
        await register(client, receiver)
        await receiver.until(lambda r: bool(r.calls))
        first = list(receiver.ids)
        pulled = (await client.get("/v1/inbox")).json()["records"]
        await client.post("/v1/inbox/confirmation", json={"cursor": pulled[-1]["cursor"]})
        await client.post("/v1/inbox/replay", json={"since": began.isoformat()})
        await receiver.until(lambda r: len(r.calls) >= 4)

    assert first == [ids[2]]
    assert [each["headers"]["ce_id"] for each in pulled] == [ids[2]]
    assert receiver.ids == [ids[2], *ids]


async def test_killed_while_it_sends_the_sender_leaves_nothing_out(
    ground: Ground, http: Http, doors: ServiceProcess, intake: ServiceProcess
) -> None:
    client = await http(LIMBURG)
    async with receiving() as receiver:
        await register(client, receiver)
        cases = await submitted(ground, LIMBURG, 60)
        await receiver.until(lambda r: len(r.calls) >= 5)
        doors.kill()
        doors.start()
        await receiver.until(lambda r: len(set(r.ids)) >= 60, seconds=120)

    assert list(dict.fromkeys(receiver.ids)) == await ids_of(ground, LIMBURG, cases)


@pytest.mark.long
async def test_a_sender_that_was_frozen_in_a_call_writes_nothing_over_what_its_successor_wrote(
    ground: Ground, http: Http, doors: ServiceProcess
) -> None:
    client = await http(WETZLAR)
    frozen = asyncio.Event()

    def answer(_: Call) -> bytes:
        if not frozen.is_set():
            os.kill(cast("int", doors.pid), signal.SIGSTOP)
            frozen.set()
        return answering("204 No Content")

    postgres = await asyncpg.connect(ground.surroundings.postgres.url(DATABASE))
    try:
        async with receiving(answer) as receiver:
            await register(client, receiver)
            cases = await submitted(ground, WETZLAR, 1)
            await asyncio.wait_for(frozen.wait(), 120)
            await postgres.execute(SUCCEEDED)
            await postgres.execute("UPDATE doors.webhooks SET failed_calls = 7 WHERE authority = $1", WETZLAR)
            os.kill(cast("int", doors.pid), signal.SIGCONT)
            async with asyncio.timeout(60):
                while not await postgres.fetchval(GIVEN_BACK):  # noqa: ASYNC110 - in PostgreSQL there is nothing else
                    await asyncio.sleep(0.1)
            cases += await submitted(ground, WETZLAR, 1)
            await receiver.until(lambda r: len(set(r.ids)) >= 2)
            stands = (await client.get("/v1/webhook")).json()["webhooks"][0]
    finally:
        os.kill(cast("int", doors.pid), signal.SIGCONT)
        await postgres.close()

    assert stands["failedCalls"] == 7
    assert list(dict.fromkeys(receiver.ids)) == await ids_of(ground, WETZLAR, cases)


SUCCEEDED = """
UPDATE doors.leases SET holder = 'its successor', number = number + 1, until = now() + interval '5 seconds'
WHERE name = 'webhooks'
"""
GIVEN_BACK = "SELECT holder <> 'its successor' FROM doors.leases WHERE name = 'webhooks'"
"""A round ends before the next one begins, so what the former one still wanted to write is behind us then."""


@pytest.mark.long
async def test_a_batch_that_cannot_be_read_holds_up_one_inbox_only_until_it_is_shown(
    ground: Ground, http: Http
) -> None:
    damaged, fine = await http(NAUHEIM), await http(HANAU)
    async with receiving() as theirs, receiving() as others:
        await register(damaged, theirs)
        await register(fine, others)
        inbox = AUTHORITY_INBOX.for_authority(NAUHEIM)
        bomb = batch(bytes(MAX_UNPACKED_BYTES), compression="zstd")
        assert await send_batch(ground.admin, inbox, bomb)
        cases = await submitted(ground, NAUHEIM, 2)
        other_cases = await submitted(ground, HANAU, 2)
        await others.until(lambda r: len(r.calls) >= 2, seconds=60)
        await theirs.until(lambda r: len(r.calls) >= 2, seconds=60)
        stands = await laid_aside(ground, damaged)
    page = (await damaged.get("/v1/inbox")).raise_for_status().json()["records"]

    assert others.ids == await ids_of(ground, HANAU, other_cases)
    assert theirs.ids == [each["headers"]["ce_id"] for each in page[1:]]
    assert {each["headers"]["ce_caseid"] for each in page[1:]} == {*cases}
    assert stands["laidAside"] >= 1
    kinds = [each["headers"]["ce_type"].rsplit(".", 2)[1] for each in page]
    assert kinds == ["RecordUnreadable", "SubmissionDelivered", "SubmissionDelivered"]
    assert "once it is unpacked" in page[0]["event"]["fault"]


async def laid_aside(ground: Ground, http: httpx.AsyncClient) -> dict[str, Any]:
    """How the webhook stands once something is laid aside; it is written after the call."""
    stands: dict[str, Any] = {"laidAside": 0}
    try:
        async with asyncio.timeout(60):
            while not stands["laidAside"]:
                await asyncio.sleep(0.1)
                stands = (await http.get("/v1/webhook")).json()["webhooks"][0]
    except TimeoutError:
        pytest.fail("\n".join([f"nothing is laid aside: {stands}", *logged(ground, ["doors-0"])]))
    return stands
