"""How late is a mail: from the event that it tells of until the mail server has accepted it?

    python benchmarks/told_in_time.py [--rate 50] [--seconds 60]

The whole stack on this machine, an open loop of submissions with an address each. Every submission is told twice, by its
receipt and by its routing, so that 50 submissions make 100 mails a second. Times are those that the notifier keeps of each message:
when what it tells of happened, and when the mail server said 250. Five minutes are ``--seconds 300``. Prints one JSON object.
"""

import argparse
import asyncio
import secrets
import time

import asyncpg
import uvloop

from amtsweg.stack import supervisor
from amtsweg.stack.description import StackDescription
from benchmarks.support.inboxes import Watch
from benchmarks.support.platform_load import Platform, open_loop, token
from benchmarks.support.surroundings import ended, own_folder, tell

AIM_SECONDS, AIM_SHARE = 10.0, 0.999
PATIENCE_SECONDS = 120.0

_LATE = """
    SELECT kind, extract(epoch FROM handed_over_at - occurred_at)::float8 AS seconds
    FROM notifier.messages WHERE created_at >= $1 AND channel = 'email' AND handed_over_at IS NOT NULL
"""
_WAITING = "SELECT count(*) FROM notifier.messages WHERE created_at >= $1 AND channel = 'email' AND handed_over_at IS NULL"


async def measure(stack: StackDescription, *, rate: int, seconds: float) -> dict[str, object]:
    connection = await asyncpg.connect(stack.postgres.url)
    platform = Platform(stack.urls.intake, token(stack), watch=Watch(), run=secrets.token_hex(4))
    await open_loop(platform.send, rate=5, seconds=5)  # compilers and caches get warm
    await asyncio.sleep(5)
    began = await connection.fetchval("SELECT now()")
    run = Platform(stack.urls.intake, token(stack), watch=Watch(), run=secrets.token_hex(4))
    await open_loop(run.send, rate=rate, seconds=seconds)
    expected, deadline = 2 * int(rate * seconds), time.perf_counter() + PATIENCE_SECONDS
    while len(rows := await connection.fetch(_LATE, began)) < expected and time.perf_counter() < deadline:  # noqa: ASYNC110 - the store tells nobody
        await asyncio.sleep(1)
    waiting = await connection.fetchval(_WAITING, began)
    await connection.close()
    platform.close()
    run.close()
    late = sorted(row["seconds"] for row in rows)
    in_time = sum(each <= AIM_SECONDS for each in late) / max(expected, len(late) + waiting)
    return {
        "mails expected": expected,
        "mails accepted": len(late),
        "mails waiting at the end": waiting,
        "p50 s": round(late[len(late) // 2], 3),
        "p99 s": round(late[int(0.99 * len(late))], 3),
        "longest s": round(late[-1], 3),
        "share within 10 s": round(in_time, 5),
        "by kind": {kind: sum(row["kind"] == kind for row in rows) for kind in {row["kind"] for row in rows}},
        "reached": late[int(0.99 * len(late))] < AIM_SECONDS and in_time >= AIM_SHARE,
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rate", type=int, default=50, help="submissions a second")
    options.add_argument("--seconds", type=float, default=60)
    chosen = options.parse_args()
    with own_folder() as var, ended(var):
        stack = supervisor.start_detached(var, report=lambda _: None)
        measured = uvloop.run(measure(stack, rate=chosen.rate, seconds=chosen.seconds))
    tell(__doc__, vars(chosen) | measured)


if __name__ == "__main__":
    main()
