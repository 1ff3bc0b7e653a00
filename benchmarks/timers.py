"""One million timers on real PostgreSQL: how long to find what is due, and how much memory?

    python benchmarks/timers.py

Prints one JSON object. PostgreSQL is started for it below var/ and stopped again.
"""

import asyncio
import resource
import time
from datetime import UTC, datetime
from statistics import median

from amtsweg.directory.folder import shipped
from amtsweg.stack import ports
from amtsweg.stack.postgres import Postgres
from benchmarks.support.surroundings import own_folder, started, tell
from services.notifier.adapters.law_files import open_law
from services.notifier.adapters.postgres import MIGRATIONS
from services.notifier.adapters.postgres.history import StoreHistory
from services.notifier.adapters.postgres.timers import DueTimers
from shared.postgres import migrations
from shared.postgres import pool as postgres

TIMERS = 1_000_000
DUE = 500
ROUNDS = 10

_FILL = """
    INSERT INTO timers (id, case_id, kind, step, subject, due_at)
    SELECT gen_random_uuid(), gen_random_uuid(), 'ended', 1, current_date, now() + interval '1 day' + n * interval '10 seconds'
    FROM generate_series(1, $1::integer) AS n
"""
_MAKE_DUE = """
    WITH case_of AS (INSERT INTO clocks (case_id, standing)
                     SELECT gen_random_uuid(), 'closed' FROM generate_series(1, $1::integer) RETURNING case_id)
    INSERT INTO timers (id, case_id, kind, step, subject, due_at)
    SELECT gen_random_uuid(), case_id, 'ended', 1, current_date, now() - interval '1 second' FROM case_of
"""


async def measure(url: str) -> dict[str, float]:
    await migrations.upgrade(url, schema="notifier", folder=MIGRATIONS)
    async with await postgres.open_pool(url, schema="notifier") as pool:
        await pool.execute(_FILL, TIMERS, timeout=300)
        await pool.execute("ANALYZE timers")
        due = DueTimers(pool, open_law(shipped()), history=StoreHistory("notifier"))
        idle, busy = [], []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            assert await due.strike(datetime.now(UTC), most=DUE) == 0
            idle.append(time.perf_counter() - began)
            await pool.execute(_MAKE_DUE, DUE)
            began = time.perf_counter()
            assert await due.strike(datetime.now(UTC), most=DUE) == DUE
            busy.append(time.perf_counter() - began)
        size = await pool.fetchval("SELECT pg_total_relation_size('timers')")
    return {
        "nothingDueMs": round(1000 * median(idle), 1),
        "fiveHundredDueMs": round(1000 * median(busy), 1),
        "tableMegabytes": round(size / 1e6, 1),
        "processMegabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def main() -> None:
    with own_folder() as var, started(Postgres(var, port=ports.free_port())) as part:
        part.execute("create database bench")
        found = asyncio.run(measure(part.endpoint.url("bench")))
    tell(__doc__, {"timers": TIMERS, **found})


if __name__ == "__main__":
    main()
