"""How many events a second become leaves: decoded, committed to PostgreSQL, published as files and signed?

Baseline, in the same run: the same rows copied into a bare table of PostgreSQL, nothing decided or hashed.
Real PostgreSQL with fsync; Kafka is left out (`audit_end_to_end` would need a quiet machine for both).
"""

import asyncio
import os
import shutil
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid5

from amtsweg.stack import ports
from amtsweg.stack.postgres import Postgres
from services.audit.adapters.bus import AuditProjection
from services.audit.adapters.postgres import MIGRATIONS
from services.audit.adapters.postgres.committed import PostgresLog
from services.audit.adapters.tile_folder import TileFolder
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.note import Note
from services.audit.handler.publish import Publisher
from services.audit.handler.sequence import Sequencer
from shared.events.envelope import Event, encode
from shared.events.submission import SubmissionRouted
from shared.events.topics import SUBMISSION_ROUTED, audited
from shared.runtime import migrations
from shared.runtime.postgres import Pool, open_pool, transaction
from shared.runtime.records import Record
from tests.support.audit import LOG_KEY, LOG_KEY_PQ, NOW, ORIGIN, SECRECY
from tests.support.events import GIESSEN, RECEIPT, RECEIVED_AT, ROUTED

EVENTS = 60_000
BATCH = 4_000
_NAMESPACE = UUID("1dfd3c38-6b5f-4a3e-8d5a-8f2d3c3b2a10")


def records() -> list[Record]:
    """Routed events of cases with five events each."""
    made = []
    for number in range(EVENTS):
        case = uuid5(_NAMESPACE, f"case/{number // 5}")
        event = Event(
            id=uuid5(_NAMESPACE, str(number)),
            source="urn:amtsweg:router",
            time=RECEIVED_AT + timedelta(milliseconds=number),
            case_id=case,
            submission_id=case,
            data=SubmissionRouted(receipt=RECEIPT, authority=GIESSEN, decision=ROUTED),
        )
        message = encode(event, SUBMISSION_ROUTED.name)
        made.append(Record(message.topic, 0, number, 0, message.key, message.value, message.headers))
    return made


async def alone(note: Note, _: Checkpoint) -> Note:
    return note


async def publish_until(done: asyncio.Event, publisher: Publisher) -> None:
    """Publish again and again, and once more when everything is committed."""
    published = await publisher.start()
    while not done.is_set():
        published = await publisher.publish(published)
        await asyncio.sleep(0.2)
    await publisher.publish(published)


async def append_all(pool: Pool, log: PostgresLog, folder: Path, events: list[Record]) -> float:
    sequencer = Sequencer(secrecy=SECRECY, random_bytes=os.urandom)
    projection = AuditProjection(sequencer.append, origin=ORIGIN, secrecy=SECRECY, topics=audited())
    publisher = Publisher(
        origin=ORIGIN,
        keys=[LOG_KEY, LOG_KEY_PQ],
        log=log,
        publications=log,
        shelf=TileFolder(folder),
        clock=lambda: NOW,
        cosign=alone,
    )
    done = asyncio.Event()
    began = time.perf_counter()
    publishing = asyncio.create_task(publish_until(done, publisher))
    for start in range(0, EVENTS, BATCH):
        async with transaction(pool) as connection:
            await projection.apply(connection, events[start : start + BATCH])
    done.set()
    await publishing
    return time.perf_counter() - began


async def copy_all(pool: Pool, events: list[Record]) -> float:
    await pool.execute("create table bare (id bigint primary key, value bytea)")
    began = time.perf_counter()
    for start in range(0, EVENTS, BATCH):
        async with transaction(pool) as connection:
            rows = [(r.offset, r.value) for r in events[start : start + BATCH]]
            await connection.copy_records_to_table("bare", records=rows)
    return time.perf_counter() - began


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


async def main(url: str, folder: Path) -> None:
    await migrations.upgrade(url, schema="audit", folder=MIGRATIONS)
    pool = await open_pool(url, schema="audit")
    async with pool:
        log = PostgresLog(pool, origin=ORIGIN, source="urn:amtsweg:audit")
        await log.found()
        events = records()
        bare = await copy_all(pool, events)
        began = time.process_time()
        seconds = await append_all(pool, log, folder, events)
        busy = time.process_time() - began
        in_tables = await pool.fetchval(
            "select sum(pg_total_relation_size(relid)) from pg_stat_user_tables "
            "where relname in ('entries', 'payloads', 'keys', 'subtrees')"
        )
    in_files = await asyncio.to_thread(size_of, folder)
    print(
        f"{EVENTS / seconds:>10,.0f} events/s to signed, durable files ({EVENTS} events, batches of {BATCH})"
    )
    print(f"{EVENTS / bare:>10,.0f} rows/s copied into a bare table (baseline)")
    print(
        f"{1e6 * busy / EVENTS:>10,.0f} µs of our own processor time per event (the rest is PostgreSQL and disk)"
    )
    print(
        f"{int(in_tables) / EVENTS:>10,.0f} bytes per entry in PostgreSQL, {in_files / EVENTS:,.0f} in files"
    )


if __name__ == "__main__":
    place = Path(tempfile.mkdtemp(prefix="audit-bench-"))
    place.chmod(0o755)
    postgres = Postgres(place, port=ports.free_port())
    postgres.start()
    try:
        postgres.execute("create database bench")
        asyncio.run(main(postgres.endpoint.url("bench"), place / "tiles"))
    finally:
        postgres.stop()
        shutil.rmtree(place, ignore_errors=True)
