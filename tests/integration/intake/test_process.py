"""Intake as a process: what is taken lies on the bus once, whenever something dies."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import import_key

from services.intake.domain.token_request import ASSERTION_TYPE
from shared.events import ids
from shared.events.topics import MAX_CONTENT_BYTES
from tests.integration.intake.conftest import BODY, CLIENT, Ground, Platform


def submission_id(platform: Platform) -> str:
    return str(ids.submission_id(CLIENT, platform.key))


async def entered(ground: Ground, platform: Platform) -> Any:
    """When the submission was entered in the store, once it is."""
    async with asyncio.timeout(60):
        while True:
            query = "SELECT received_at FROM receipts WHERE submission_id = $1"
            if found := await ground.sql(query, ids.submission_id(CLIENT, platform.key)):
                return found
            await asyncio.sleep(0.02)


async def taken_in_the_end(ground: Ground, platform: Platform) -> dict[str, Any]:
    """Repeat as a platform does, told by Retry-After; returns the receipt after looking at the bus."""
    # An hour later, as far as the hold of an attempt that died is concerned.
    await ground.sql("UPDATE receipts SET held_until = now() - interval '1 hour' WHERE taken_at IS NULL")
    async with asyncio.timeout(60):
        while True:
            answer = await platform.submit()
            if answer.status_code not in {409, 503}:
                break
            await asyncio.sleep(int(answer.headers["retry-after"]))
    assert answer.status_code == 202, answer.text
    receipt: dict[str, Any] = answer.json()
    events = await ground.events(receipt["submissionId"])
    assert len({event.id for event in events}) == 1
    assert {event.time for event in events} == {datetime.fromisoformat(receipt["receivedAt"])}
    return receipt


async def history(platform: Platform, receipt: dict[str, Any]) -> list[str]:
    answer = await platform.http.get(receipt["links"]["history"])
    return [line["code"] for line in answer.raise_for_status().json()["events"]]


async def in_feed(platform: Platform, receipt: dict[str, Any]) -> int:
    """How often the receipt's own event stands in the feed, once it does."""
    async with asyncio.timeout(60):
        while True:
            found, after, more = 0, "", True
            while more:
                page = (await platform.http.get("/v1/events", params={"after": after, "limit": 1000})).json()
                found += sum(line["submissionId"] == receipt["submissionId"] for line in page["events"])
                after, more = page["next"], page["more"]
            if found:
                return found
            await asyncio.sleep(0.1)


@contextmanager
def frozen(pid: int | None) -> Iterator[None]:
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def slow(ground: Ground, when: str, *, seconds: int = 3) -> AsyncIterator[None]:
    """Every INSERT or UPDATE of receipts takes longer than the process has to live; at the end none is left."""
    await ground.sql(
        "CREATE OR REPLACE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN PERFORM pg_sleep({seconds}); RETURN NEW; END $$"
    )
    await ground.sql(
        f"CREATE TRIGGER slow BEFORE {when} ON receipts FOR EACH STATEMENT EXECUTE FUNCTION linger()"
    )
    try:
        yield
    finally:
        while await ground.sql(  # noqa: ASYNC110 - it is PostgreSQL that is asked
            f"SELECT count(pg_terminate_backend(pid)) {_LINGERERS}"
        ):
            await asyncio.sleep(0.1)
        await ground.sql("DROP TRIGGER slow ON receipts")


async def lingering(ground: Ground) -> None:
    """Return when a request is within `slow`."""
    async with asyncio.timeout(60):
        while not await ground.sql(_LINGERING):  # noqa: ASYNC110 - it is PostgreSQL that is asked
            await asyncio.sleep(0.01)


_LINGERERS = "FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query ~* '(INSERT|UPDATE)'"
_LINGERING = f"SELECT count(*) {_LINGERERS}"


async def test_what_was_taken_lies_on_the_bus_and_in_the_feed_once(
    ground: Ground, platform: Platform
) -> None:
    receipt = await taken_in_the_end(ground, platform)
    assert await in_feed(platform, receipt) == 1
    assert await history(platform, receipt) == ["received"]


async def test_of_fifty_requests_under_one_key_one_event_comes(ground: Ground, platform: Platform) -> None:
    answers = await asyncio.gather(*(platform.submit() for _ in range(50)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    [receipt] = {answer.content for answer in answers if answer.status_code == 202}
    assert (await platform.submit()).content == receipt
    assert len(await ground.events(submission_id(platform))) == 1


async def test_a_submission_of_exactly_the_largest_size_arrives(ground: Ground, platform: Platform) -> None:
    content = b'{"a":"' + b"x" * (MAX_CONTENT_BYTES - 8) + b'"}'
    body = b'{"service":"99050012104000","content":' + content + b"}"
    answer = await platform.submit(body)
    assert answer.status_code == 202
    assert len(await ground.events(answer.json()["submissionId"])) == 1
    larger = await platform.submit(body.replace(b"x", b"xx", 1))
    assert larger.status_code == 413


async def test_a_second_submission_under_the_same_key_contradicts_the_first(platform: Platform) -> None:
    assert (await platform.submit()).status_code == 202
    assert (await platform.submit(BODY.replace(b"02-01", b"02-02"))).status_code == 422


async def test_an_assertion_opens_the_door_once_also_after_a_restart(ground: Ground) -> None:
    name = f"{CLIENT}-jwt"
    key = import_key(json.loads(ground.made.keys.of("clients", f"{name}.jwk").read_text()))
    now = await ground.sql("SELECT extract(epoch FROM now())::int")
    claims = {"iss": name, "sub": name, "aud": ground.url, "jti": str(now), "exp": now + 240}
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": jwt.encode({"alg": "ES256"}, claims, key),
    }
    async with httpx.AsyncClient(base_url=ground.url) as http:
        answers = [await http.post("/token", data=form) for _ in range(2)]
    await asyncio.to_thread(ground.restart)
    async with httpx.AsyncClient(base_url=ground.url, timeout=30) as http:
        while (again := await http.post("/token", data=form)).status_code == 503:  # until it is ready
            assert again.headers["retry-after"]
    assert [answer.status_code for answer in (*answers, again)] == [200, 401, 401]
    assert "jti" in again.json()["error_description"]


async def test_killed_before_the_entry_is_written_nothing_has_happened(
    ground: Ground, platform: Platform
) -> None:
    async with slow(ground, "INSERT"):
        attempt = asyncio.ensure_future(platform.submit())
        await lingering(ground)
        await asyncio.to_thread(ground.restart)
    with pytest.raises(httpx.TransportError):
        await attempt
    receipt = await taken_in_the_end(ground, platform)
    assert await in_feed(platform, receipt) == 1


async def test_killed_before_kafka_acknowledges_the_repetition_completes_the_same_receipt(
    ground: Ground, platform: Platform
) -> None:
    with frozen(ground.kafka.pid):
        attempt = asyncio.ensure_future(platform.submit())
        received_at = await entered(ground, platform)
        await asyncio.sleep(0.2)
        ground.service.kill()
    with pytest.raises(httpx.TransportError):
        await attempt
    await asyncio.to_thread(ground.service.start)
    waiting = await platform.submit()
    assert waiting.status_code in {202, 409}  # 202 if Kafka had it after all
    receipt = await taken_in_the_end(ground, platform)
    assert receipt["receivedAt"] == received_at.isoformat().replace("+00:00", "Z")
    assert await in_feed(platform, receipt) == 1


async def test_killed_between_acknowledgement_and_answer_the_repetition_gets_the_receipt(
    ground: Ground, platform: Platform
) -> None:
    async with slow(ground, "UPDATE", seconds=60):
        attempt = asyncio.ensure_future(platform.submit())
        received_at = await entered(ground, platform)
        await lingering(ground)
        assert len(await ground.events(submission_id(platform))) == 1
        ground.service.kill()
    with pytest.raises(httpx.TransportError):
        await attempt
    await asyncio.to_thread(ground.service.start)
    receipt = await taken_in_the_end(ground, platform)
    assert receipt["receivedAt"] == received_at.isoformat().replace("+00:00", "Z")
    assert await in_feed(platform, receipt) == 1


async def test_an_orderly_stop_answers_every_request_that_was_accepted(
    ground: Ground, platform: Platform
) -> None:
    others = [Platform(platform.http, f"{platform.key}-{number}") for number in range(8)]
    async with slow(ground, "INSERT"):
        attempts = [asyncio.ensure_future(other.submit()) for other in others]
        await entered(ground, others[0])  # while it was, the others came, and are entered together
        await lingering(ground)
        assert ground.service.pid is not None
        os.kill(ground.service.pid, signal.SIGTERM)
        answers = await asyncio.gather(*attempts)
    assert [answer.status_code for answer in answers] == [202] * len(others)
    await asyncio.to_thread(ground.restart)
    for other in others:
        assert len(await ground.events(submission_id(other))) == 1


async def test_while_kafka_is_silent_nothing_is_promised_and_the_repetition_completes_it(
    ground: Ground, platform: Platform
) -> None:
    with frozen(ground.kafka.pid):
        answer = await platform.submit()
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        received_at = await entered(ground, platform)
    receipt = await taken_in_the_end(ground, platform)
    assert receipt["receivedAt"] == received_at.isoformat().replace("+00:00", "Z")
    assert await in_feed(platform, receipt) == 1


async def test_a_restart_of_postgresql_loses_no_receipt(ground: Ground, platform: Platform) -> None:
    first = await platform.submit()
    ground.postgres.kill()
    away = await platform.submit()
    assert away.status_code == 503
    await asyncio.to_thread(ground.postgres.start)
    again = await taken_in_the_end(ground, platform)
    assert again == first.json()


async def test_a_lost_schema_is_filled_again_and_repetitions_are_known(
    ground: Ground, platform: Platform
) -> None:
    first = await platform.submit()
    assert await in_feed(platform, first.json()) == 1
    cursor = (await platform.http.get("/v1/events")).json()["next"]
    ground.service.kill()
    await ground.sql("DROP SCHEMA intake CASCADE")
    await ground.sql("CREATE SCHEMA intake AUTHORIZATION intake")
    await asyncio.to_thread(ground.service.start)
    assert (await platform.submit()).content == first.content
    assert await in_feed(platform, first.json()) == 1
    assert (await platform.http.get("/v1/events", params={"after": cursor})).status_code == 410


async def test_from_the_first_open_port_on_no_other_receipt_is_given(
    ground: Ground, platform: Platform
) -> None:
    """The store comes back from a backup that is older than what was promised."""
    first = await platform.submit()
    assert await in_feed(platform, first.json()) == 1
    ground.service.kill()
    await ground.lose_the_receipts()
    starting = asyncio.create_task(asyncio.to_thread(ground.service.start))
    refused = 0
    async with asyncio.timeout(60):
        while True:
            try:
                answer = await platform.submit()
            except httpx.TransportError:
                await asyncio.sleep(0.01)
                continue
            if answer.status_code != 503:
                break
            assert answer.headers["retry-after"]
            refused += 1
    await starting
    assert refused
    assert (answer.status_code, answer.content) == (202, first.content)


async def test_a_store_that_goes_back_under_a_running_service_gives_no_other_receipt(
    ground: Ground, platform: Platform
) -> None:
    first = await platform.submit()
    assert await in_feed(platform, first.json()) == 1
    await ground.lose_the_receipts()
    while (health := await platform.http.get("/health/ready")).status_code == 200:  # until it is noticed
        assert health.json()["histories"]["standing"] == "ready"
    while (answer := await platform.submit()).status_code == 503:  # until the store is whole
        assert answer.headers["retry-after"]
    assert (answer.status_code, answer.content) == (202, first.content)


async def test_a_submission_is_found_by_what_the_platform_has_in_hand(platform: Platform) -> None:
    receipt = (await platform.submit()).json()
    by_key = await platform.http.get("/v1/submissions", params={"idempotencyKey": f'"{platform.key}"'})
    assert [each["caseId"] for each in by_key.json()["submissions"]] == [receipt["caseId"]]
    by_number = await platform.http.get(f"/v1/cases/{receipt['receiptNumber']}/history")
    assert by_number.json()["caseId"] == receipt["caseId"]
    never = await platform.http.get("/v1/submissions", params={"clientReference": "never"})
    assert never.status_code == 404


async def test_metrics_and_health_say_what_the_process_does(ground: Ground, platform: Platform) -> None:
    await platform.submit()
    metrics = (await platform.http.get("/metrics")).text
    assert 'amtsweg_decisions_total{decision="taken",service="intake"}' in metrics
    health = (await platform.http.get("/health/ready")).json()
    assert {"publisher", "principals", "intake", "histories", "outbox", "http"} <= health.keys()
