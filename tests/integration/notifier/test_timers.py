"""Timers on real PostgreSQL and Kafka: each strikes once, whatever restarts, replays or jumps."""

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest

from amtsweg.directory.folder import shipped
from services.notifier.adapters.law_files import law_digest, open_law
from services.notifier.adapters.postgres.history import StoreHistory
from services.notifier.adapters.postgres.renewal import TimerRenewal
from services.notifier.adapters.postgres.timers import DueTimers, TimerLedger
from services.notifier.domain.clock import CaseClock, Timer
from services.notifier.handler.ticking import set_timers
from shared.events.case import InformationRequested, PeriodExtended
from shared.events.clock import ExtensionIneffective, PeriodEnded, StepOverdue
from shared.events.envelope import Event
from shared.events.payload import Payload
from shared.events.submission import SubmissionRouted
from shared.events.supplement import CaseSupplemented
from shared.postgres import pool as postgres
from shared.postgres.pool import Pool
from tests.integration.notifier.conftest import Notifier, until
from tests.support.events import GIESSEN, RECEIPT
from tests.support.law import hessian_law

LAW = hessian_law()
NOW = datetime.now(UTC)
LONG_AGO = RECEIPT.model_copy(update={"service": "99050023005000", "received_at": NOW - timedelta(days=200)})


def routed(at: datetime = NOW) -> Event[Payload]:
    return Event(
        id=uuid4(),
        source="tests",
        time=at,
        case_id=uuid4(),
        submission_id=uuid4(),
        data=SubmissionRouted(receipt=LONG_AGO, authority=GIESSEN),
    )


async def read(pool: Pool, *events: Event[Payload]) -> None:
    async with postgres.transaction(pool) as connection:
        await set_timers(events, TimerLedger(connection), LAW)


def due(pool: Pool) -> DueTimers:
    return DueTimers(pool, LAW, history=StoreHistory("notifier"))


@pytest.mark.parametrize("had_struck", [False, True])
async def test_a_holiday_that_is_added_late_moves_periods_that_run_and_is_said(
    pool: Pool, tmp_path: Path, *, had_struck: bool
) -> None:
    """Also where the end had struck: the router hears that the period runs on before it hears the new end."""
    event = routed()
    await read(pool, event)
    before = await ends(pool, event.case_id)
    if had_struck:
        await due(pool).strike(datetime.now(UTC), most=100)
    shutil.copytree(shipped() / "law", tmp_path / "law")
    assert law_digest(tmp_path) == law_digest(shipped())
    with (tmp_path / "law" / "holidays.csv").open("a") as table:
        table.write(f"{before},holiday,Landestag,Verordnung\n")
    law = open_law(tmp_path)
    changed = TimerRenewal(pool, law, digest=law_digest(tmp_path))
    assert law_digest(tmp_path) != law_digest(shipped())
    assert await changed.renew(NOW) == 1
    after = await ends(pool, event.case_id)
    assert after > before
    assert await changed.renew(NOW) == 0  # once is enough
    timers_ = DueTimers(pool, law, history=StoreHistory("notifier"))
    assert await timers_.strike(datetime.now(UTC), most=100)
    told = [bytes(row["value"]).decode() for row in await said(pool)]
    last_warning, end = told[-2:]
    assert f'"periodEnds":"{after}"' in last_warning
    assert f'"periodEndedOn":"{after}"' in end
    assert sum('"periodEndedOn"' in each for each in told) == 1 + had_struck


async def ends(pool: Pool, case: UUID) -> date:
    (row,) = await pool.fetch(
        "SELECT subject FROM timers WHERE case_id = $1 AND kind = 'ended' AND struck_at IS NULL", case
    )
    return row["subject"]  # type: ignore[no-any-return] # a column of dates


async def said(pool: Pool) -> Sequence[asyncpg.Record]:
    return list(await pool.fetch("SELECT * FROM outbox ORDER BY id"))


async def test_a_timer_strikes_once_also_when_its_event_is_read_again(pool: Pool) -> None:
    event = routed()
    await read(pool, event)
    first = await due(pool).strike(datetime.now(UTC), most=100)
    await read(pool, event)
    assert first >= 2  # the last warning, the end
    assert await due(pool).strike(datetime.now(UTC), most=100) == 0
    assert len(await said(pool)) == first


@pytest.mark.parametrize("wrong", [timedelta(days=-3650), timedelta(days=3650)])
async def test_a_clock_that_is_set_wrongly_strikes_nothing_early(pool: Pool, wrong: timedelta) -> None:
    """Set back, the process strikes nothing until it is right again; set forward, PostgreSQL's clock holds it."""
    timer = Timer(
        case_id=uuid4(),
        kind="ended",
        step=1,
        subject=NOW.date(),
        due_at=NOW + timedelta(days=1) + wrong / 3650,
    )
    async with postgres.transaction(pool) as connection:
        await TimerLedger(connection).set([CaseClock(case_id=timer.case_id)], [timer])
    assert await due(pool).strike(NOW + wrong, most=10) == 0


async def test_a_step_that_was_taken_takes_its_timers_along(pool: Pool) -> None:
    event = routed()
    await read(pool, event)
    before = await pool.fetchval("SELECT count(*) FROM timers")
    async with postgres.transaction(pool) as connection:
        await TimerLedger(connection).set([CaseClock(case_id=event.case_id, standing="closed")], [])
    assert before > 0
    assert await pool.fetchval("SELECT count(*) FROM timers") == 0


async def test_documents_that_were_missing_set_the_timers_of_a_new_period(pool: Pool) -> None:
    """Asked for, nothing runs; handed in, the period runs from that day; read again, nothing changes."""
    taken = routed()
    asked = InformationRequested(receipt=LONG_AGO, authority=GIESSEN, items=1, requested_at=NOW)
    more = LONG_AGO.model_copy(update={"received_at": NOW})
    supplied = CaseSupplemented(
        receipt=LONG_AGO, authority=GIESSEN, supplement=more, requested=True, supplemented_at=NOW
    )
    of_the_period = (
        "SELECT id FROM timers WHERE kind IN ('ending', 'ended') AND struck_at IS NULL ORDER BY id"
    )
    await read(pool, taken)
    assert await due(pool).strike(datetime.now(UTC), most=100) >= 2
    await read(pool, replace(taken, time=NOW + timedelta(seconds=1), data=asked))
    assert await pool.fetch(of_the_period) == []
    answered = replace(taken, time=NOW + timedelta(seconds=2), data=supplied)
    await read(pool, answered)
    waiting = await pool.fetch(of_the_period)
    assert len(waiting) in {5, 6}  # the end and four warnings, five where the law may be read more strictly
    await read(pool, answered)
    assert await pool.fetch(of_the_period) == waiting
    assert await due(pool).strike(datetime.now(UTC), most=100) == 0


async def test_an_extension_without_effect_is_said_once_over_a_second_reading(pool: Pool) -> None:
    taken = routed()
    late = PeriodExtended(receipt=LONG_AGO, authority=GIESSEN, months=1, extended_at=NOW)
    extended = replace(taken, id=uuid4(), data=late)
    await read(pool, taken, extended)
    assert await due(pool).strike(datetime.now(UTC), most=100)
    await read(pool, extended)
    assert not await due(pool).strike(datetime.now(UTC), most=100)
    told = [bytes(row["value"]) for row in await said(pool) if b'"too-late"' in bytes(row["value"])]
    assert len(told) == 1
    assert orjson.loads(told[0])["periodEnds"] < NOW.date().isoformat()


async def test_many_processes_strike_each_timer_once(pool: Pool) -> None:
    for _ in range(20):
        await read(pool, routed())
    waiting = await pool.fetchval("SELECT count(*) FROM timers WHERE due_at <= now()")
    counts = await asyncio.gather(*(due(pool).strike(datetime.now(UTC), most=7) for _ in range(12)))
    counts.append(await due(pool).strike(datetime.now(UTC), most=1000))
    assert sum(counts) == waiting == len(await said(pool))


async def test_an_end_and_an_extension_without_effect_are_published_once_across_a_restart(
    notifier: Notifier,
) -> None:
    case = notifier.case()
    old = case.event(SubmissionRouted(receipt=LONG_AGO, authority=GIESSEN))
    process = await notifier.start()
    await notifier.publish(old)

    async def heard() -> bool:
        return len(await notifier.clock(case)) >= 2

    await until(heard)
    await notifier.kill(process)
    await notifier.start()
    received = case.received()
    late = case.event(PeriodExtended(receipt=LONG_AGO, authority=GIESSEN, months=1, extended_at=NOW))
    await notifier.publish(
        old, replace(received, data=received.data.model_copy(update={"receipt": LONG_AGO})), late, late
    )

    async def in_vain() -> bool:
        return any(isinstance(event.data, ExtensionIneffective) for event in await notifier.clock(case))

    await until(in_vain)
    await until(lambda: notifier.has("sent", case, count=2))  # of an extension in vain no applicant hears
    # What was published when the process died is published again under its id: receivers know it.
    events = {event.id: event for event in await notifier.clock(case)}.values()
    (vain,) = [event.data for event in events if isinstance(event.data, ExtensionIneffective)]
    assert (vain.reason, vain.authority) == ("too-late", GIESSEN)
    (ended,) = [event.data for event in events if isinstance(event.data, PeriodEnded)]
    assert (ended.deemed, ended.certain, ended.authority) == ("approval", True, GIESSEN)
    assert not [
        event for event in events if isinstance(event.data, StepOverdue) and event.data.step == "forwarding"
    ]
