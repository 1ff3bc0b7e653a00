"""`amtsweg case` on real tables: every number that somebody has in hand opens the same case."""

import asyncio
import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from amtsweg.__main__ import build
from amtsweg.directory.folder import shipped
from services.intake.adapters.postgres.operate import _BY_REFERENCE
from services.intake.adapters.postgres.receipts import PostgresReceipts
from services.intake.domain.admission import ReceiptEntry
from services.notifier.adapters.law_files import open_law
from services.notifier.adapters.postgres import MIGRATIONS
from services.notifier.adapters.postgres.timers import TimerLedger
from services.notifier.domain.clock import CaseClock, timers
from shared.postgres.migrations import upgrade
from shared.postgres.pool import Pool, open_pool, transaction
from tests.contracts.intake.receipt_store import entry
from tests.integration.intake.bus import accepted, project, received
from tests.support.events import GIESSEN
from tests.support.stack import Database


@dataclass
class Desk:
    """An operator before the services' tables."""

    pool: Pool
    database: Database

    async def taken(self) -> ReceiptEntry:
        asked = entry()
        store = PostgresReceipts(self.pool)
        await store.enter(asked)
        await store.settle(asked.submission_id, taken=True)
        ids = {"submission_id": asked.submission_id, "case_id": asked.case_id}
        await project(self.pool, received(**ids, receipt=asked.receipt), accepted(**ids))
        return asked

    async def ask(self, *arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, build(["case"]), ["case", *arguments])


@pytest.fixture
async def desk(pool: Pool, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Desk:
    await upgrade(database.url, schema="notifier", folder=MIGRATIONS)
    password = tmp_path / "password"
    password.write_text(database.password)
    monkeypatch.setenv("AMTSWEG_VAR", str(tmp_path))
    monkeypatch.setenv("AMTSWEG_POSTGRES__URL", database.url_without_password)
    monkeypatch.setenv("AMTSWEG_POSTGRES__PASSWORD_FILE", str(password))
    return Desk(pool, database)


async def test_every_number_opens_the_case(desk: Desk) -> None:
    asked = await desk.taken()
    number = asked.receipt.receipt_number
    numbers = (
        number,
        number.lower().replace("-", " "),
        str(asked.submission_id),
        str(asked.case_id),
        "antrag-1",
    )
    answers = [await desk.ask(each, "--json") for each in numbers]
    assert {answer.exit_code for answer in answers} == {0}, [answer.output for answer in answers]
    assert len({answer.stdout for answer in answers}) == 1
    told = json.loads(answers[0].stdout)
    assert told["receiptNumber"] == number
    assert told["status"]["code"] == "accepted"
    assert told["holder"]["kind"] == "authority"


async def test_what_is_due_next_comes_from_the_clock(desk: Desk) -> None:
    asked = await desk.taken()
    clock = CaseClock(
        case_id=asked.case_id,
        standing="routed",
        submission_id=asked.submission_id,
        receipt=asked.receipt,
        authority=GIESSEN,
        since=asked.receipt.received_at,
    )
    due = timers(clock, open_law(shipped()))
    async with (
        await open_pool(desk.database.url, schema="notifier", size=1) as notifier,
        transaction(notifier) as connection,
    ):
        await TimerLedger(connection).set([clock], due)
    told = json.loads((await desk.ask(asked.receipt.receipt_number, "--json")).stdout)
    assert [each["kind"] for each in told["next"]] == [
        each.kind for each in sorted(due, key=lambda timer: timer.due_at)
    ]


async def test_a_reference_of_several_cases_lists_them_and_opens_none(desk: Desk) -> None:
    first, second = await desk.taken(), await desk.taken()
    told = await desk.ask("antrag-1")
    assert told.exit_code == 1
    assert first.receipt.receipt_number in told.stderr
    assert second.receipt.receipt_number in told.stderr


async def test_the_search_by_reference_goes_by_an_index(desk: Desk) -> None:
    async with transaction(desk.pool) as connection:
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {_BY_REFERENCE}", "antrag-1"))
    partitions = await desk.pool.fetchval(
        "SELECT count(*) FROM pg_inherits WHERE inhparent = 'receipts'::regclass"
    )
    assert (
        plan.count("Index Cond: (client_reference = 'antrag-1'::text)") == partitions
    )  # and nothing is sorted
    assert "->  Sort" not in plan


async def test_an_unknown_number_is_answered_with_what_was_searched(desk: Desk) -> None:
    told = await desk.ask("AW-2026-0000-0000-0000")
    assert told.exit_code == 1
    assert "Gesucht wurde" in told.stderr


async def test_one_who_cannot_be_reached_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMTSWEG_POSTGRES__URL", replace(desk.database, port=1).url_without_password)
    told = await desk.ask("AW-2026-0000-0000-0000")
    assert told.exit_code == 3
    assert "PostgreSQL" in told.stderr
