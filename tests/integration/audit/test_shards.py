"""A log is closed with its year; the next one is linked to it, and nothing that was open is forgotten."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import orjson
import pytest
from typer.testing import CliRunner

from amtsweg.__main__ import build
from services.audit.adapters.postgres.ledger import PostgresLedgers
from services.audit.adapters.postgres.shards import PostgresOpenCases
from services.audit.adapters.postgres.watch import PostgresWatch
from services.audit.app import assemble
from services.audit.domain.completeness import unmet
from services.audit.domain.pseudonyms import Pseudonymizer
from services.audit.handler.rollover import LogSuccession
from services.audit.handler.sequence import Sequencer
from services.audit.settings import Settings
from shared.errors import Stopped
from shared.events.ids import child_id
from shared.settings import KafkaConnection, PostgresConnection
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from tests.integration.audit.conftest import RunningLog, readers
from tests.integration.audit.test_completeness import happened
from tests.integration.audit.test_reading_room import asking
from tests.support.audit import LOG_KEY, NOW, ORIGIN, SECRECY, fact

NEXT = "audit.example/log2"
NEXT_SECRECY = Pseudonymizer(b"n" * 32)
CASE = UUID(int=1)


async def amtsweg(*arguments: str) -> tuple[int, str]:
    done = await asyncio.to_thread(CliRunner().invoke, build(["audit"]), ["audit", *arguments])
    return done.exit_code, done.output


class Operator:
    """Types the commands that close a year and open the next."""

    def __init__(self, running: RunningLog, database_url: str, folder: Path) -> None:
        self._running = running
        self._url = database_url
        self._folder = folder

    async def close(self) -> tuple[int, str]:
        return await amtsweg("close", "--origin", ORIGIN, "--postgres-url", self._url)

    async def open(self) -> tuple[int, str]:
        old, new = self._folder / "old.key", self._folder / "new.key"
        old.write_text(SECRECY.secret.hex())
        new.write_text(NEXT_SECRECY.secret.hex())
        options = {
            "origin": NEXT,
            "tiles": str(self._running.folder),
            "old-pseudonym-key-file": str(old),
            "pseudonym-key-file": str(new),
            "log-key": LOG_KEY.verifier.to_text(),
            "postgres-url": self._url,
        }
        return await amtsweg(
            "open", *(word for name, value in options.items() for word in (f"--{name}", value))
        )


@pytest.fixture
def operator(running: RunningLog, database_url: str, tmp_path: Path) -> Operator:
    return Operator(running, database_url, tmp_path)


async def with_an_open_case(running: RunningLog) -> None:
    await running.append(
        happened("SubmissionReceived", CASE, case=1),
        happened("SubmissionRouted", child_id(CASE, "routed"), case=1),
        happened("CaseDecided", UUID(int=77), case=2),
    )
    await running.service.completeness.round()
    await running.covered(3)


async def in_next(running: RunningLog, query: str) -> list[object]:
    rows = await running.pool.fetch(query, NEXT)
    return [row[0] for row in rows]


async def test_a_closed_log_takes_nothing_and_has_its_last_checkpoint(
    running: RunningLog, operator: Operator
) -> None:
    await running.append_numbers(*range(5))
    code, said = await operator.close()
    assert (code, "mit 5 Einträgen geschlossen" in said) == (0, True), said
    with pytest.raises(Stopped, match="closed"):
        await running.append_numbers(6)


async def test_the_next_log_begins_with_the_last_checkpoint_of_the_old_one(
    running: RunningLog, operator: Operator
) -> None:
    await with_an_open_case(running)
    await operator.close()
    code, said = await operator.open()
    assert (code, "Eintrag 0 nennt audit.example/log1 mit 4 Einträgen" in said) == (0, True), said
    row = await running.pool.fetchrow(
        "select sealed, key, id from payloads join entries using (log, index) join keys using (log) "
        "where log = (select id from logs where origin = $1)",
        NEXT,
    )
    assert row is not None
    opened = NEXT_SECRECY.open(row["sealed"], key=row["key"], leaf_id=row["id"].hex)
    data = orjson.loads(opened.payload)["data"]
    note = (running.folder / "checkpoint").read_text()
    assert (data["previous"], data["size"], data["checkpoint"]) == (ORIGIN, 4, note)


async def test_an_open_case_goes_on_under_its_new_pseudonym(running: RunningLog, operator: Operator) -> None:
    await with_an_open_case(running)
    await operator.close()
    _, said = await operator.open()
    assert "2 offene Vorgänge" in said  # one of them is over, and owes its cause
    pseudonyms = "select distinct case_ref from carried where log = (select id from logs where origin = $1)"
    expected = {UUID(NEXT_SECRECY.case(UUID(int=case))) for case in (1, 2)}
    assert set(await in_next(running, pseudonyms)) == expected
    answer, sequencer = UUID(int=50), Sequencer(secrecy=NEXT_SECRECY, random_bytes=os.urandom)
    later = NOW + timedelta(minutes=5)
    facts = [
        happened(kind, id_, case=1, at=later, secrecy=NEXT_SECRECY)
        for kind, id_ in (("CaseAnswered", answer), ("CaseAccepted", child_id(answer, "accepted")))
    ]
    async with PostgresLedgers(running.pool, origin=NEXT).transaction() as ledger:
        await sequencer.append(facts, ledger)
    watch = PostgresWatch(running.pool, origin=NEXT)
    assert [each.rule for each in await watch.standing(later)] == [
        "answer-cause",
        "confirmation",
        "custody",
        "notification",
    ]
    await watch.advance(unmet, limit=100)
    assert [each.rule for each in await watch.standing(later)] == [
        "answer-cause",
        "custody",
        "notification",
    ]


async def test_an_event_of_the_old_log_does_not_come_again_in_the_new_one(
    running: RunningLog, operator: Operator
) -> None:
    await running.append_numbers(*range(5))
    await operator.close()
    await operator.open()
    sequencer = Sequencer(secrecy=NEXT_SECRECY, random_bytes=os.urandom)
    async with PostgresLedgers(running.pool, origin=NEXT).transaction() as ledger:
        appended = await sequencer.append([fact(n) for n in range(3, 8)], ledger)
    assert [entry.index for entry in appended.entries] == [1, 2, 3]


async def test_a_case_that_is_open_over_two_years_keeps_its_history(
    running: RunningLog, operator: Operator
) -> None:
    await with_an_open_case(running)
    await operator.close()
    await operator.open()
    former = PostgresOpenCases(running.pool, old=NEXT, new=ORIGIN)
    (portion,) = [portion async for portion in former.open()]
    third = Pseudonymizer(b"3" * 32)
    succession = LogSuccession(
        old=NEXT_SECRECY,
        new=third,
        origin="audit.example/log3",
        sequencer=Sequencer(secrecy=third, random_bytes=os.urandom),
        ledgers=PostgresLedgers(running.pool, origin="audit.example/log3"),
        cases=former,
        clock=lambda: NOW,
        random_bytes=os.urandom,
    )
    carried = succession.carried(portion[0])
    assert carried is not None
    assert carried.new == third.case(CASE)
    assert [happened.id for happened, _ in carried.history] == [
        third.event(CASE),
        third.event(child_id(CASE, "routed")),
    ]
    assert unmet([happened for happened, _ in carried.history])[0].rule == "confirmation"


async def test_a_year_is_dropped_whole_and_nothing_of_it_comes_again(
    running: RunningLog, operator: Operator
) -> None:
    await with_an_open_case(running)
    await operator.close()
    await operator.open()
    await running.pool.execute("select drop_log($1)", ORIGIN)
    assert await running.pool.fetchval("select count(*) from entries where leaf is not null") == 1
    sequencer = Sequencer(secrecy=NEXT_SECRECY, random_bytes=os.urandom)
    async with PostgresLedgers(running.pool, origin=NEXT).transaction() as ledger:
        again = happened("SubmissionReceived", CASE, case=1, secrecy=NEXT_SECRECY)
        assert (await sequencer.append([again], ledger)).entries == ()


async def test_a_log_is_not_succeeded_before_it_is_closed(running: RunningLog, operator: Operator) -> None:
    await running.append_numbers(1)
    await running.covered(1)
    code, said = await operator.open()
    assert (code, "ist nicht geschlossen" in said) == (1, True)


async def test_opening_again_changes_nothing(running: RunningLog, operator: Operator) -> None:
    await with_an_open_case(running)
    await operator.close()
    first = await operator.open()
    assert (first, await operator.open()) == (first, first)
    assert await in_next(running, "select size from logs where origin = $1") == [1]


async def test_a_log_that_has_entries_already_succeeds_no_other(
    running: RunningLog, operator: Operator
) -> None:
    await running.append_numbers(1)
    await operator.close()
    await running.pool.execute("insert into logs (origin, size, peaks) values ($1, 1, sha256(''))", NEXT)
    code, said = await operator.open()
    assert (code, "hat schon Einträge" in said) == (1, True)


@pytest.fixture
async def closed(running: RunningLog, operator: Operator, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The reading room of the closed log."""
    await running.append(*(fact(n, case=SECRECY.case(CASE)) for n in range(3)))
    await operator.close()
    await operator.open()
    unused = tmp_path / "unused"
    settings = Settings(
        kafka=KafkaConnection(bootstrap="127.0.0.1:9", security_protocol="PLAINTEXT"),
        postgres=PostgresConnection(url="postgresql://127.0.0.1/unused"),
        tile_folder=running.folder,
        log_origin=ORIGIN,
        log_key_file=unused,
        pseudonym_key_file=unused,
        successor_origin=NEXT,
        successor_key_file=unused,
    )
    service = assemble(
        settings,
        pool=running.pool,
        secrecy=SECRECY,
        successor=NEXT_SECRECY,
        keys=[LOG_KEY],
        readers=readers(),
        health=Health(),
        telemetry=Telemetry(),
    )
    transport = httpx.ASGITransport(service.http)
    async with httpx.AsyncClient(transport=transport, base_url="http://audit.test") as client:
        yield client


async def test_a_closed_log_is_read_and_the_look_stands_in_the_next_one(
    running: RunningLog, closed: httpx.AsyncClient
) -> None:
    timeline = (await closed.get(f"/v1/cases/{CASE}/timeline", headers=asking())).json()
    assert [entry["index"] for entry in timeline["entries"]] == [0, 1, 2]
    page = (await closed.get("/v1/entries", params={"limit": 2}, headers=asking())).json()
    rest = (await closed.get("/v1/entries", params={"after": page["next"]}, headers=asking())).json()
    assert [entry["index"] for entry in rest["entries"]] == [2]
    types = "select type from entries where log = (select id from logs where origin = $1) order by index"
    assert await in_next(running, types) == ["de.amtsweg.ShardOpened.v1", *["de.amtsweg.Looked.v1"] * 3]
