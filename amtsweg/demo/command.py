"""`amtsweg demo`: the command's options, and what it prints."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from amtsweg.demo import show, show_silence
from amtsweg.demo.run import Bill, RunProgress, run, stack
from amtsweg.demo.silence import let_end_in_silence
from amtsweg.new_file import require_free, write_new
from amtsweg.stack.commands import StartView
from amtsweg.stack.description import StackDescription, stack_folder

_FRAME_S = 0.2


def demo(
    *,
    submissions: Annotated[int, typer.Option(min=12, help="how many requests are posted")] = 200,
    report: Annotated[Path | None, typer.Option(help="write the bill as JSON to this file")] = None,
    silence: Annotated[
        bool, typer.Option("--silence", help="then set the clock of periods ahead and let one end in silence")
    ] = False,
) -> None:
    """Boot the stack, post real-looking submissions, watch them travel, and add everything up."""
    console, var = Console(), stack_folder()
    if report is not None:
        require_free(report)
    with stack(var, report=StartView(console).show) as description:
        outcome = asyncio.run(_watched(description, var=var, requests=submissions, console=console))
        show.bill(outcome, console)
        told = asyncio.run(let_end_in_silence(description, var=var)) if silence else None
        if told is not None:
            show_silence.show(told, console)
        if report is not None:
            bill = json.dumps(show.report(outcome), ensure_ascii=False, indent=2)
            write_new(report, f"{bill}\n".encode())
    raise typer.Exit(0 if outcome.adds_up and (told is None or told.holds) else 1)


async def _watched(description: StackDescription, *, var: Path, requests: int, console: Console) -> Bill:
    progress = RunProgress(requests=requests)
    with Live(console=console, transient=True) as view:
        running = asyncio.create_task(run(description, var=var, progress=progress))
        while not running.done():
            view.update(show.live(progress))
            await asyncio.wait({running}, timeout=_FRAME_S)
    return running.result()
