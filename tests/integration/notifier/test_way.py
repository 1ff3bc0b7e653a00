"""The whole way of a mail: event in, mail out, settlement back on the bus."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from shared.events.notification import MessageKind
from tests.integration.notifier.conftest import Notifier, until


async def test_every_step_of_a_case_is_told_once_and_settled_once(notifier: Notifier) -> None:
    case = notifier.case()
    await notifier.publish(case.received(), case.routed(), case.accepted(), case.decided())
    process = await notifier.start()
    told: tuple[MessageKind, ...] = ("receipt", "forwarded", "status", "trade-certificate", "completion")
    await until(lambda: notifier.has("sent", case, count=5))
    assert notifier.mail.times_taken == {case.message_id(kind): 1 for kind in told}
    assert {mail["To"] for mail in notifier.mail.mails} == {case.applicant}
    assert await notifier.end(process) == 0
    assert await notifier.outcomes(case) == ["sent"] * 5


async def test_events_published_twice_are_told_once(notifier: Notifier) -> None:
    case = notifier.case()
    await notifier.start()
    for _ in range(2):
        await notifier.publish(case.received(), case.routed())
    last = notifier.case()
    await notifier.publish(last.received())
    await until(lambda: notifier.has("sent", last))
    await until(lambda: notifier.has("sent", case, count=2))
    assert notifier.mail.taken_for(case.applicant) == 2


@pytest.mark.long
async def test_a_case_without_contact_is_settled_without_a_mail(notifier: Notifier) -> None:
    case = notifier.case(contact=False)
    await notifier.publish(case.received(), case.routed())
    process = await notifier.start()
    await until(lambda: notifier.has("no-contact", case, count=2))
    await notifier.end(process)
    assert notifier.mail.taken == []
    assert await notifier.outcomes(case) == ["no-contact"] * 2


@pytest.mark.long
async def test_news_wait_for_the_contact_that_comes_with_the_receipt(notifier: Notifier) -> None:
    case = notifier.case()
    await notifier.publish(case.routed())
    await notifier.start()
    await until(lambda: notifier.has("created", case))
    await notifier.publish(case.received())
    await until(lambda: notifier.has("sent", case, count=2))
    assert [mail["Message-ID"] for mail in notifier.mail.mails] == [
        case.message_id("receipt"),
        case.message_id("forwarded"),
    ]


@pytest.mark.long
async def test_a_refused_mail_fails_and_a_deferred_one_waits(notifier: Notifier) -> None:
    gone, busy = notifier.case("gone"), notifier.case("busy")
    await notifier.publish(gone.received(), busy.received())
    await notifier.start()
    await until(lambda: notifier.has("failed", gone))
    (row,) = await notifier.query(
        "SELECT attempts, state, due_at > now() AS later FROM notifier.messages WHERE case_id = $1", busy.id
    )
    await until(lambda: notifier.has("created", busy))
    assert notifier.mail.taken == []
    assert (row["state"], row["later"]) == ("created", True) or row["attempts"] == 0


@pytest.mark.long
async def test_contacts_are_stored_sealed_and_deleted_some_days_after_the_close(notifier: Notifier) -> None:
    long_closed, just_closed = notifier.case(), notifier.case()
    await notifier.publish(
        long_closed.received(),
        long_closed.decided(at=datetime.now(UTC) - timedelta(days=8)),
        just_closed.received(),
        just_closed.decided(),
    )
    first = await notifier.start()
    await until(lambda: notifier.has("sent", long_closed, just_closed, count=6))
    stored = await notifier.query("SELECT contact FROM notifier.cases")
    assert all(row["contact"] and long_closed.applicant not in row["contact"] for row in stored)
    await notifier.end(first)
    await notifier.query("UPDATE notifier.messages SET settled_at = settled_at - interval '8 days'")
    await notifier.start()  # a start is followed by upkeep at once, then every hour

    async def states() -> dict[str, str]:
        rows = await notifier.query("SELECT id, contact_state FROM notifier.cases")
        return {row["id"]: row["contact_state"] for row in rows}

    async def erased() -> bool:
        return (await states())[long_closed.id] == "erased"

    await until(erased)
    assert (await states())[just_closed.id] == "sealed"


async def test_what_is_no_event_goes_to_the_dead_letter_and_the_rest_flows_on(notifier: Notifier) -> None:
    case = notifier.case()
    for partition in range(6):
        await notifier.producer.send_and_wait(
            "submission.received.v1", b"\xff", key=b"x", partition=partition
        )
    await notifier.publish(case.received())
    process = await notifier.start()
    await until(lambda: notifier.has("sent", case))
    await notifier.end(process)
    assert await notifier.dead_letters() == 6


async def test_health_says_how_many_messages_wait_and_metrics_how_fast_they_went(notifier: Notifier) -> None:
    case = notifier.case()
    await notifier.publish(case.received())
    process = await notifier.start(AMTSWEG_HTTP__PORT="18099")
    await until(lambda: notifier.has("sent", case))
    async with httpx.AsyncClient(base_url="http://127.0.0.1:18099") as http:
        report = (await http.get("/health/ready")).json()
        metrics = (await http.get("/metrics")).text
        status = (await http.get("/v1/status")).json()
    assert {"channel": "email", "kind": "receipt"}.items() <= status["shares"][0].items()
    assert "the outcome of 0 is unknown" in report["messages"]["reason"]
    assert 'amtsweg_messages_sent_total{channel="email",result="sent"} 1.0' in metrics
    assert 'amtsweg_handover_seconds_bucket{channel="email",kind="receipt",le="10.0"}' in metrics
    assert await notifier.end(process) == 0
