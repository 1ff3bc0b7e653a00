"""Running a service: its parts side by side, until a signal asks for the end or one of them gives up."""

import asyncio
import gc
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack
from importlib.metadata import version
from typing import Final, Protocol

import structlog
import uvloop

from shared.backoff import Backoff
from shared.errors import Unavailable
from shared.settings import ServiceSettings, TraceExport
from shared.telemetry import logs

GRACE_SECONDS: Final = 25.0
"""How long parts may take to end; longer than a running transaction, shorter than an orchestrator waits."""

_SHARE: Final = 0.6
"""How much of what is left of it one part may take, so that each of those below it has some."""


class Component(Protocol):
    """Something that runs until it is cancelled; what it holds is closed when ``run`` has ended."""

    async def run(self) -> None:
        """Work until cancelled; raise only when a restart of the process is wanted."""


Components = AbstractAsyncContextManager[Mapping[str, Component]]
"""The parts of a service, with what they hold in common opened around them.

They stand in the order of dependence: what others write through comes first, doors last. They end in the reverse: a
request that a door has accepted is answered while everything below it still works.
"""


def main(name: str, build: Callable[[], Components], *, settings: ServiceSettings) -> int:
    """Run the service until it is told to stop; return the process's exit code, 0 when that was asked for."""
    logs.configure(name, level=settings.log_level)
    with ExitStack() as ending, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if settings.traces is not None:
            ending.callback(_traces(name, settings.traces, instance=settings.instance))
        return runner.run(_serve(build))


def _traces(name: str, told: TraceExport, *, instance: str) -> Callable[[], None]:
    from shared.telemetry import trace_export  # noqa: PLC0415 - 8 MB and a third of a second, needed where traces go

    return trace_export.configure(
        name,
        version=version("amtsweg"),
        instance=instance,
        endpoint=str(told.endpoint),
        ca_file=told.ca_file,
        share=told.share,
    )


async def _serve(build: Callable[[], Components]) -> int:
    """Build and run; what cannot be reached at the start is waited for, as it is later."""
    pause = Backoff()
    async with AsyncExitStack() as opened:
        while True:
            try:
                parts = await opened.enter_async_context(build())
                break
            except Unavailable as away:
                structlog.get_logger().warning("not started yet", error=away, next=pause.next_seconds)
                await pause.sleep()
        return await run(parts)


async def run(parts: Mapping[str, Component]) -> int:
    """Run the parts until SIGTERM or SIGINT, or until one fails; return the process's exit code.

    Whichever comes first ends all of them, one after the other: half a service would look alive and do nothing.
    """
    log = structlog.get_logger()
    # What was made until now stays; the collector need not look through it again with every batch.
    gc.freeze()
    tasks = {asyncio.ensure_future(part.run()): name for name, part in parts.items()}
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    asking = asyncio.ensure_future(asked.wait())
    try:
        await asyncio.wait([asking, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        asking.cancel()
        late = await _end([*tasks])
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
    for task in late:
        log.error("part did not end", part=tasks[task], seconds=GRACE_SECONDS)
    failed = [task for task in tasks if task.done() and not task.cancelled() and task.exception()]
    for task in failed:
        log.error("part failed", part=tasks[task], error=task.exception())
    if not asked.is_set():
        log.error("ended without having been asked")
    return 1 if failed or late or not asked.is_set() else 0


async def _end(tasks: Sequence["asyncio.Task[None]"]) -> set["asyncio.Task[None]"]:
    """End the parts, the last first, each given time before the next is told; return those that did not end."""
    deadline = time.monotonic() + GRACE_SECONDS
    for task in reversed(tasks):
        task.cancel()
        await asyncio.wait({task}, timeout=_SHARE * (deadline - time.monotonic()))
    _, late = await asyncio.wait(tasks, timeout=max(0.0, deadline - time.monotonic()))
    return late
