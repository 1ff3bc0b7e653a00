"""What do hundreds, and thousands, of authorities cost that wait for their inbox in long poll?

Real doors and broker of a whole local stack, nothing coming in. Per number of waiting connections: processor time of
doors and broker as a share of one core, and the doors' memory. The baseline is the same stack with nobody waiting.
"""

import argparse
import asyncio
import resource
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

import psutil
import uvloop

from amtsweg.stack.description import StackDescription
from amtsweg.stack.stack import Stack
from benchmarks.support.authority_doors import Line, processes, spread, tokens, used
from benchmarks.support.surroundings import own_folder, started, tell

AIM_PERCENT: Final = 15
"""Of one core, for 450 over doors and broker together."""

AUTHORITIES: Final = 450
_MIB: Final = 2**20
_OPENED_AT_ONCE: Final = 50
_AGAIN_SECONDS: Final = 1.0
_PER_ADDRESS: Final = 450
"""Connections from one address of this machine; the doors take 500 from each."""


async def wait_on(
    url: str,
    known: dict[str, str],
    authority: str,
    *,
    number: int,
    stack: StackDescription,
    answers: Counter[int],
) -> None:
    """One that asks again as soon as it has been told that there is nothing, and fetches a new token where the old one is over."""
    line = await Line.to(url, source=f"127.0.0.{2 + number // _PER_ADDRESS}")
    while True:
        status, _ = await line.ask("GET", "/v1/inbox?wait=30", token=known[authority])
        answers[status] += 1
        if status == HTTPStatus.UNAUTHORIZED:
            known |= await tokens(stack, [authority])
        elif status != HTTPStatus.OK:
            await asyncio.sleep(_AGAIN_SECONDS)


async def measure_one(
    stack: StackDescription, found: Mapping[str, psutil.Process], *, waiting: int, rounds: int, seconds: float
) -> dict[str, Any]:
    known = await tokens(stack, list(stack.authorities)[:AUTHORITIES]) if waiting else {}
    theirs, answers = list(known), Counter[int]()
    held: list[asyncio.Task[None]] = []
    for number in range(waiting):
        waits = wait_on(
            stack.urls.router,
            known,
            theirs[number % len(theirs)],
            number=number,
            stack=stack,
            answers=answers,
        )
        held.append(asyncio.ensure_future(waits))
        if number % _OPENED_AT_ONCE == 0:
            await asyncio.sleep(0.1)
    await asyncio.sleep(seconds / 2)
    shares: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(rounds):
        began = {name: used(process) for name, process in found.items()}
        at = time.perf_counter()
        await asyncio.sleep(seconds)
        took = time.perf_counter() - at
        for name, process in found.items():
            shares[name].append(100 * (used(process) - began[name]) / took)
    lost = [task for task in held if task.done()]
    for task in held:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*held, return_exceptions=True)
    both = [sum(pair) for pair in zip(*shares.values(), strict=True)]
    return {
        **{f"{name}, % of a core": spread(each, 1) for name, each in shares.items()},
        "both, % of a core": spread(both, 1),
        "doors MiB": round(found["doors"].memory_info().rss / _MIB),
        "connections lost": dict(Counter(type(task.exception()).__name__ for task in lost)),
        "answers by status": {str(status): count for status, count in sorted(answers.items())},
    }


async def measure(stack: Stack, *, rounds: int, seconds: float, numbers: list[int]) -> dict[str, Any]:
    description = StackDescription.read(stack.var)
    found = processes(stack)
    return {
        f"{number} waiting": await measure_one(
            description, found, waiting=number, rounds=rounds, seconds=seconds
        )
        for number in (0, *numbers)
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=30.0, help="of a round")
    options.add_argument("--waiting", type=int, nargs="+", default=[450, 4500])
    chosen = options.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with own_folder() as var, started(Stack(var)) as stack:
        found = uvloop.run(
            measure(stack, rounds=chosen.rounds, seconds=chosen.seconds, numbers=chosen.waiting)
        )
    aim = f"below {AIM_PERCENT} % of a core for {AUTHORITIES}, doors and broker together"
    tell(__doc__, {"aim": aim, **found})


if __name__ == "__main__":
    main()
