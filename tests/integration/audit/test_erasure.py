"""After an erasure the payload is nowhere, and everything that was proven before still is."""

import asyncio
import re
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from typer.testing import CliRunner

from amtsweg.__main__ import build
from amtsweg.stack.binaries import postgres_programs
from services.audit.adapters.postgres.erasures import PostgresErasures
from services.audit.adapters.postgres.ledger import PostgresLedgers
from services.audit.domain.evidence import Evidence, verify_evidence
from services.audit.domain.pending_entry import PendingEntry, Position, fact_of_record
from services.audit.domain.policy import log_only
from services.audit.domain.pseudonyms import Pseudonymizer
from shared.events.envelope import Event, encode
from shared.events.erasure import HOLDERS, CaseErased, EraseOrdered, Holder, RemainingCopy
from shared.events.payload import Payload
from shared.events.retention import dead_letters_gone_after, gone_after
from shared.events.topics import CASE_ERASED, CASE_ORDERED, CATALOGUE
from shared.postgres.pool import Pool
from tests.integration.audit.conftest import RunningLog
from tests.integration.audit.test_reading_room import asking
from tests.support.audit import LOG_KEY, NOW, ORIGIN, SECRECY, fact
from tests.support.pages import rehearsed
from tests.support.stack import RealParts
from tests.support.verifier import IndependentVerifier

BASIS = "Art. 17 Abs. 1 lit. d DSGVO"
CASE = UUID("7c6cf9a3-0000-4000-8000-000000000001")
POLICY = log_only(LOG_KEY.verifier)
PAYLOAD = orjson.dumps(
    {
        "id": str(UUID(int=1000)),
        "type": fact(0).type,
        "time": fact(0).time,
        "source": fact(0).source,
        "data": {},
    }
)
"""A whole event, so that evidence files of this case verify."""


async def with_a_case(running: RunningLog) -> None:
    await running.append(*(fact(n) for n in range(300)))
    await running.append(replace(fact(1000, case=SECRECY.case(CASE)), payload=PAYLOAD))
    await running.client.get(f"/v1/cases/{CASE}/timeline", headers=asking())
    await running.covered(302)


def told(data: Payload, number: int, secrecy: Pseudonymizer = SECRECY) -> PendingEntry:
    """An event of the case as it comes from the bus."""
    event: Event[Payload] = Event(
        id=UUID(int=number), source="urn:amtsweg:tests", time=NOW, case_id=CASE, submission_id=CASE, data=data
    )
    topic = CASE_ORDERED if isinstance(data, EraseOrdered) else CASE_ERASED
    message = encode(event, topic.name)
    position = Position(topic.name, 0, number)
    return fact_of_record(
        message.value, message.headers, position=position, payloads=topic.payloads, secrecy=secrecy
    )


ORDER_ID = UUID(int=5000)
HELD_UNTIL = datetime(2035, 1, 1, tzinfo=UTC)


def reports(*holders: Holder) -> list[PendingEntry]:
    copy = RemainingCopy(what="submission.held.v1", until=HELD_UNTIL)
    return [
        told(
            CaseErased(holder=holder, order_id=ORDER_ID, gone=(), remaining=(copy,)),
            5001 + HOLDERS.index(holder),
        )
        for holder in holders
    ]


async def erase(running: RunningLog, *holders: Holder) -> None:
    """The order, and the reports of these holders, or of all."""
    await running.append(
        told(EraseOrdered(basis=BASIS, principal="operator"), 5000), *reports(*(holders or HOLDERS))
    )
    await running.service.erasures.round()


def all_files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


async def everything(pool: Pool, folder: Path) -> bytes:
    """All rows of all tables, all files: bytes as they are, and byte strings of PostgreSQL decoded."""
    parts = await asyncio.to_thread(all_files, folder)
    tables = await pool.fetch("select tablename from pg_tables where schemaname = 'audit'")
    for (table,) in tables:
        for row in await pool.fetch(f'select * from "{table}"'):
            parts += [value if isinstance(value, bytes) else str(value).encode() for value in row.values()]
    return b"\n".join(parts)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What must be gone after an erasure, as bytes and as text shows them."""

    key: bytes
    sealed: bytes
    salt: str
    payload: str

    def found_in(self, data: bytes) -> list[str]:
        forms = {
            "key": (self.key, self.key.hex().encode()),
            "sealed": (self.sealed, self.sealed.hex().encode()),
            "salt": (bytes.fromhex(self.salt), self.salt.encode()),
            "payload": (self.payload.encode(), self.payload.encode().hex().encode()),
        }
        return [name for name, spellings in forms.items() if any(each in data for each in spellings)]


async def secrets_of_the_case(running: RunningLog) -> Secrets:
    timeline = (await running.client.get(f"/v1/cases/{CASE}/timeline", headers=asking())).json()
    shown = timeline["entries"][0]["disclosure"]
    row = await running.pool.fetchrow(
        "select key, sealed from keys join entries on case_ref = owner join payloads using (index) "
        "where owner = $1 order by index",
        SECRECY.case(CASE),
    )
    assert row is not None
    return Secrets(row["key"], row["sealed"], shown["salt"], shown["payload"])


async def test_an_erased_payload_is_found_nowhere(
    running: RunningLog, database_url: str, tmp_path: Path
) -> None:
    await with_a_case(running)
    secrets = await secrets_of_the_case(running)
    assert secrets.found_in(await everything(running.pool, running.folder)) == ["key", "sealed"]
    await erase(running)
    assert secrets.found_in(await everything(running.pool, running.folder)) == []


async def test_an_erased_payload_is_in_no_dump_and_its_key_in_no_file_of_the_database(
    running: RunningLog, database_url: str, tmp_path: Path, stack: RealParts
) -> None:
    await with_a_case(running)
    secrets = await secrets_of_the_case(running)
    assert secrets.found_in(dump(database_url)) == ["key", "sealed"]
    await running.pool.execute("checkpoint")
    assert secrets.key in await data_files(running.pool, stack)
    await erase(running)
    assert secrets.found_in(dump(database_url)) == []
    await running.pool.execute("checkpoint")
    assert secrets.key not in await data_files(running.pool, stack)


async def test_the_main_backup_holds_no_key_so_that_an_old_one_opens_nothing(
    running: RunningLog, database_url: str
) -> None:
    await with_a_case(running)
    secrets = await secrets_of_the_case(running)
    command = re.search(r"^pg_dump .*amtsweg.dump", rehearsed("docs/operations.md", "backup"), re.MULTILINE)
    assert command is not None
    excluded = [word.replace("'", "") for word in command[0].split() if word.startswith("--exclude")]
    assert secrets.found_in(dump(database_url, *excluded)) == ["sealed"]


def dump(database_url: str, *options: str) -> bytes:
    """The whole database as text."""
    program = postgres_programs() / "pg_dump"
    return subprocess.run([program, *options, database_url], check=True, capture_output=True).stdout


async def data_files(pool: Pool, stack: RealParts) -> bytes:
    """Every page of every table and index, those included that hold no row any more; not the WAL."""
    number = await pool.fetchval("select oid from pg_database where datname = current_database()")
    folder = stack.var / "postgres/data/base" / str(number)
    return b"\n".join(await asyncio.to_thread(all_files, folder))


async def erasure_of(running: RunningLog) -> dict[str, Any]:
    timeline = (await running.client.get(f"/v1/cases/{CASE}/timeline", headers=asking())).json()
    told = [e for e in timeline["entries"] if e["leaf"]["type"] == "de.amtsweg.PayloadErased.v1"]
    return dict(told[0]["disclosure"]["event"]["data"]) if told else {}


async def test_the_log_erases_last_when_all_others_have_reported(running: RunningLog) -> None:
    await with_a_case(running)
    await erase(running, "router", "intake")
    assert await erasure_of(running) == {}
    assert (await secrets_of_the_case(running)).key
    await running.append(*reports("notifier"))
    await running.service.erasures.round()
    said = await erasure_of(running)
    assert (said["basis"], said["reported"]) == (BASIS, ["intake", "notifier", "router"])
    timeline = (await running.client.get(f"/v1/cases/{CASE}/timeline", headers=asking())).json()
    assert timeline["entries"][0]["erased"] is True


async def test_the_leaf_names_the_latest_day_of_all_that_can_hold_content_or_contact(
    running: RunningLog,
) -> None:
    await with_a_case(running)
    began = datetime.now(UTC)
    await erase(running)
    said = await erasure_of(running)
    until = {copy["what"]: datetime.fromisoformat(copy["until"]) for copy in said["remaining"]}
    for topic in CATALOGUE:
        if topic.sealed:
            after = gone_after(topic)
            assert after is not None, f"{topic.name}: nobody removes it"
            assert until[topic.name] >= began + after
    assert until["submission.held.v1"] == HELD_UNTIL  # a holder knows better than the catalogue
    assert until["dead letters"] >= began + dead_letters_gone_after()
    assert until["dumps of the database"] >= began + timedelta(days=30)
    assert datetime.fromisoformat(said["lastCopyExpires"]) == max(until.values())


async def test_pages_that_held_a_key_are_written_anew_also_after_a_crash(
    running: RunningLog,
) -> None:
    pool = running.pool
    await with_a_case(running)
    await running.append(told(EraseOrdered(basis=BASIS), 5000), *reports(*HOLDERS))
    (ordered,) = await PostgresErasures(pool, origin=ORIGIN, secrecy=SECRECY).ordered()
    part = await pool.fetchval("select tableoid::regclass::text from keys where owner = $1", ordered.case)
    before = await pool.fetchval("select pg_relation_filenode($1::text::regclass)", part)

    # Erased, and killed before the pages were written anew: that much is in the database.
    async with PostgresLedgers(pool, origin=ORIGIN).transaction() as ledger:
        await ledger.lock((ordered.case,), appending=False)
        await ledger.erase(ordered.case)
    await running.service.erasures.round()

    assert await pool.fetchval("select pg_relation_filenode($1::text::regclass)", part) != before
    assert await PostgresErasures(pool, origin=ORIGIN, secrecy=SECRECY).not_written_anew() == []


async def test_a_second_round_does_nothing(running: RunningLog) -> None:
    await with_a_case(running)
    await erase(running)
    size = await running.pool.fetchval("select size from logs")
    await running.service.erasures.round()
    assert await running.pool.fetchval("select size from logs") == size


async def test_the_log_goes_on_while_a_case_is_erased(running: RunningLog) -> None:
    await with_a_case(running)
    await running.append(told(EraseOrdered(basis=BASIS), 5000), *reports(*HOLDERS))
    erasing = asyncio.ensure_future(running.service.erasures.round())
    for number in range(2000, 2100):
        async with asyncio.timeout(60):
            await running.append_numbers(number)
    await erasing
    assert await running.pool.fetchval("select key from keys where owner = $1", SECRECY.case(CASE)) is None


async def test_evidence_from_before_and_after_the_erasure_verifies(
    running: RunningLog, database_url: str, tmp_path: Path
) -> None:
    await with_a_case(running)
    asked = f"/v1/cases/{CASE}/evidence"
    before = Evidence.from_bytes((await running.client.get(asked, headers=asking())).content)
    await erase(running)
    await running.covered(304)
    after = Evidence.from_bytes((await running.client.get(asked, headers=asking())).content)
    assert [e.event is not None for e in verify_evidence(before, POLICY).entries] == [True, False]
    assert verify_evidence(after, POLICY).entries[0].event is None


async def test_strangers_accept_the_log_before_and_after_an_erasure(
    running: RunningLog, database_url: str, tmp_path: Path
) -> None:
    await with_a_case(running)
    verifier, old = IndependentVerifier(LOG_KEY.verifier.to_text()), tmp_path / "before"
    saved = [verifier.checkpoint(running.folder, **{"save-checkpoint": str(old)})]
    (before,) = await asyncio.to_thread(verifier.run, saved)
    await erase(running)
    await running.covered(303)
    commands = [verifier.consistency(running.folder, old), verifier.inclusion(running.folder, 300)]
    after = await asyncio.to_thread(verifier.run, commands)
    assert [answer["ok"] for answer in (before, *after)] == [True, True, True]


async def test_of_what_happens_later_to_an_erased_case_no_payload_is_kept(
    running: RunningLog, database_url: str, tmp_path: Path
) -> None:
    await with_a_case(running)
    await erase(running)
    await running.append(fact(1001, case=SECRECY.case(CASE)))
    kept = "select count(*) from payloads join entries using (log, index) where case_ref = $1 and type = $2"
    case, type_ = SECRECY.case(CASE), fact(1001).type
    assert await running.pool.fetchval(kept, case, type_) == 0
    assert await running.pool.fetchval("select key from keys where owner = $1", case) is None
    assert await running.pool.fetchval("select count(*) from tokens where case_ref = $1", case) == 0


async def test_what_old_looks_said_is_destroyed_and_that_they_were_taken_stays(
    running: RunningLog, database_url: str, tmp_path: Path
) -> None:
    await with_a_case(running)
    secret = tmp_path / "pseudonyms.key"
    secret.write_text(SECRECY.secret.hex())
    arguments = ["audit", "expire", "--looks-before", "2100-01-01", "--basis", "§ 76 Abs. 4 BDSG"]
    arguments += ["--origin", ORIGIN, "--postgres-url", database_url, "--pseudonym-key-file", str(secret)]
    done = await asyncio.to_thread(CliRunner().invoke, build(["audit"]), arguments)
    assert "1 Inhalte von Einsichten vernichtet; das steht als Eintrag 302" in done.output, done.output
    timeline = (await running.client.get(f"/v1/cases/{CASE}/timeline", headers=asking())).json()
    assert [(e["leaf"]["type"], e["erased"]) for e in timeline["entries"]] == [
        ("de.amtsweg.SubmissionRouted.v1", False),
        ("de.amtsweg.Looked.v1", True),
    ]
