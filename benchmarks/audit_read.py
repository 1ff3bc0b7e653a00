"""How long does an auditor wait: for a case's timeline among many entries, for a proof, for a check of everything?

Timelines over HTTP, the look recorded before the answer, on real PostgreSQL; a case's entries lie scattered over
the whole log, whose other rows PostgreSQL makes itself. Proofs and the check read files alone. Baselines, in the
same run: a bare select of the case's rows, a bare hash over each entry, and a verifier that we did not write.

    python benchmarks/audit_read.py [--entries 5000000] [--write]

Prints one JSON object; audit_read.json beside this file is the baseline of the machine it names.
"""

import argparse
import asyncio
import os
import random
import secrets
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from amtsweg.audit.commands import check_folder
from amtsweg.stack import ports
from amtsweg.stack.postgres import Postgres
from benchmarks.support.surroundings import own_folder, tell_limits
from services.audit.adapters.postgres import MIGRATIONS, SCHEMA
from services.audit.adapters.postgres.ledger import PostgresLedgers
from services.audit.adapters.proofs import Proofs
from services.audit.adapters.tile_folder import TileFolder
from services.audit.app import assemble
from services.audit.domain.append import LogState, append
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.merkle import CompactRange, leaf_hash
from services.audit.domain.note import Note, sign
from services.audit.domain.policy import log_only
from services.audit.handler.publish import LogPublisher
from services.audit.handler.sequence import Sequencer
from services.audit.settings import Settings
from shared.postgres import migrations
from shared.postgres.pool import Pool, open_pool
from shared.settings import KafkaConnection, PostgresConnection
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from tests.support.audit import LOG_KEY, LOG_KEY_PQ, NOW, ORIGIN, SECRECY, MemoryLog, fact
from tests.support.auditors import auditors
from tests.support.verifier import IndependentVerifier

LIMITS = {"timelineP99Milliseconds": 50, "proofP99Milliseconds": 10}
"""At most that long."""

CASES, EVENTS_PER_CASE = 100, 10
TOKEN = "bench.secret"
_HEADERS = {"Authorization": f"Bearer {TOKEN}", "Amtsweg-Purpose": "bench", "Amtsweg-Reference": "bench/1"}
_OTHERS = """
insert into entries (log, index, event_id, type, time, case_ref, authority, service, leaf)
select (select id from logs), i, gen_random_uuid(), 'de.amtsweg.SubmissionRouted.v1', now(), md5((i / 10)::text),
    'g-0653' || 1000 + i % 423, '99050012104000',
    convert_to(md5(i::text) || repeat(md5((i + 1)::text), 11), 'UTF8')
from generate_series($1::bigint, $2::bigint - 1) i
"""


@contextmanager
def postgres(var: Path) -> Iterator[str]:
    server = Postgres(var, port=ports.free_port())
    try:
        server.start()
        server.execute("create database bench")
        yield server.endpoint.url("bench")
    finally:
        server.stop()


async def scatter(pool: Pool, entries: int) -> None:
    """Entries of others, and among them those of our cases; the tree above them is made up."""
    await pool.execute("insert into logs (origin) values ($1)", ORIGIN)
    sequencer = Sequencer(secrecy=SECRECY, random_bytes=os.urandom)
    size = 0
    for turn in range(EVENTS_PER_CASE):
        upto = size + entries // EVENTS_PER_CASE
        await pool.execute(_OTHERS, size, upto, timeout=600)
        peaks = secrets.token_bytes(32 * upto.bit_count())
        await pool.execute("update logs set size = $1, peaks = $2", upto, peaks)
        facts = [fact(turn * CASES + case, case=f"{case:032x}") for case in range(CASES)]
        async with PostgresLedgers(pool, origin=ORIGIN).transaction() as ledger:
            size = (await sequencer.append(facts, ledger)).frontier.size
    await pool.execute("vacuum analyze entries", timeout=600)


def reading_room(pool: Pool, var: Path) -> httpx.AsyncClient:
    unused = var / "unused"
    unused.touch()
    settings = Settings(
        kafka=KafkaConnection(bootstrap="unused", security_protocol="PLAINTEXT"),
        postgres=PostgresConnection(url="unused"),
        tile_folder=var / "reading",
        log_origin=ORIGIN,
        log_key_file=unused,
        pseudonym_key_file=unused,
    )
    service = assemble(
        settings,
        pool=pool,
        secrecy=SECRECY,
        keys=[LOG_KEY, LOG_KEY_PQ],
        readers=auditors({TOKEN: ("audit.look",)}),
        health=Health(),
        telemetry=Telemetry(),
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(service.http), base_url="http://audit.bench")


async def timelines(url: str, var: Path, entries: int) -> dict[str, float]:
    await migrations.upgrade(url, schema=SCHEMA, folder=MIGRATIONS)
    async with await open_pool(url, schema=SCHEMA) as pool:
        await scatter(pool, entries)
        empty = Checkpoint(ORIGIN, 0, CompactRange().root())
        await TileFolder(var / "reading").publish(sign(empty.to_text(), [LOG_KEY], time=0).to_bytes(), {})
        took, bare = [], []
        async with reading_room(pool, var) as client:
            for case in random.Random(1).sample(range(CASES), CASES):
                began = time.perf_counter()
                answer = await client.get(f"/v1/cases/{case:032x}/timeline", headers=_HEADERS)
                took.append(time.perf_counter() - began)
                answer.raise_for_status()
                assert len(answer.json()["entries"]) == EVENTS_PER_CASE
                began = time.perf_counter()
                await pool.fetch(
                    "select leaf from entries where case_ref = $1 order by index", f"{case:032x}"
                )
                bare.append(time.perf_counter() - began)
    select = round(1000 * statistics.median(bare), 2)
    return {**quantiles("timeline", took), "bareSelectP50Milliseconds": select}


async def publish(folder: Path, size: int) -> list[bytes]:
    """A log of this many real leaves in files; returns them."""
    log, state = MemoryLog(), LogState(CompactRange(), frozenset(), {})
    facts = [fact(number) for number in range(size)]
    made = append(facts, state, secrecy=SECRECY, random_bytes=os.urandom)
    leaves = [entry.entry for entry in made.entries]
    log.extend(leaves)

    async def alone(note: Note, _: Checkpoint) -> Note:
        return note

    publisher = LogPublisher(
        origin=ORIGIN,
        keys=[LOG_KEY],
        log=log,
        publications=log,
        shelf=TileFolder(folder),
        clock=lambda: NOW,
        cosign=alone,
    )
    await publisher.publish(await publisher.start())
    return leaves


async def proofs(folder: Path, size: int) -> dict[str, float]:
    """Milliseconds for an inclusion proof, each from files that are read anew."""
    maker, took = Proofs(TileFolder(folder)), []
    for index in random.Random(1).sample(range(size), 300):
        began = time.perf_counter()
        await maker.inclusion(index)
        took.append(time.perf_counter() - began)
    return quantiles("proof", took)


def checks(folder: Path, leaves: list[bytes]) -> dict[str, int]:
    """Entries a second."""
    key = LOG_KEY.verifier
    verifier = IndependentVerifier(key.to_text())
    return {
        "checkedPerSecond": rate(leaves, lambda: check_folder(folder, policy=log_only(key))),
        "checkedPerSecondByAnother": rate(leaves, lambda: verifier.run([verifier.checkpoint(folder)])),
        "bareHashesPerSecond": rate(leaves, lambda: [leaf_hash(leaf) for leaf in leaves]),
    }


def rate(leaves: list[bytes], work: Callable[[], object]) -> int:
    began = time.perf_counter()
    work()
    return round(len(leaves) / (time.perf_counter() - began))


def quantiles(what: str, took: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(took, n=100)
    return {
        f"{what}P50Milliseconds": round(1000 * cuts[49], 1),
        f"{what}P99Milliseconds": round(1000 * cuts[98], 1),
    }


def measure(var: Path, *, files: int, entries: int) -> dict[str, float]:
    leaves = asyncio.run(publish(var / "log", files))
    with postgres(var) as url:
        return {
            **checks(var / "log", leaves),
            **asyncio.run(proofs(var / "log", files)),
            **asyncio.run(timelines(url, var, entries)),
        }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--entries", type=int, default=500_000, help="in PostgreSQL, around the cases")
    options.add_argument("--files", type=int, default=100_000, help="entries of the log that is checked")
    options.add_argument("--write", action="store_true")
    chosen = options.parse_args()
    with own_folder() as var:
        var.mkdir(parents=True)
        measured = measure(var, files=chosen.files, entries=chosen.entries)
    load = {"entriesInPostgres": chosen.entries, "entriesInFiles": chosen.files}
    tell_limits(__file__, measured, LIMITS, load=load)


if __name__ == "__main__":
    main()
