"""`amtsweg up`, `down`, `status`."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from amtsweg.stack import supervisor
from amtsweg.stack.description import VAR, StackDescription
from amtsweg.stack.errors import StackError
from amtsweg.stack.stack import Step

Var = Annotated[Path, typer.Option(envvar="AMTSWEG_VAR", help="folder of the stack's state")]


def up(
    *,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="return when the stack serves")] = False,
    var: Var = VAR,
    report_to: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start the stack: Kafka, PostgreSQL, Redis, a mail sink, the services and the witnesses of the log."""
    console = Console()
    owner = supervisor.supervisor(var)
    if owner is not None:
        ready = StackDescription.path(var).exists()
        console.print(f"The stack {'already runs' if ready else 'is being started'} (process {owner.pid}).")
        if ready:
            console.print(addresses(StackDescription.read(var)))
        return
    try:
        if report_to is not None:
            with supervisor.reporting_to(report_to) as report:
                supervisor.run(var, report=report)
        elif detach:
            console.print(addresses(supervisor.start_detached(var, report=StartView(console).show)))
        else:
            supervisor.run(var, report=StartView(console, var=var).show)
    except StackError as error:
        console.print(f"[red]{error}[/red]", highlight=False)
        raise typer.Exit(1) from error


def down(var: Var = VAR) -> None:
    """Stop the stack."""
    print("The stack is stopped." if supervisor.stop(var) else "No stack was running.")


def status(var: Var = VAR) -> None:
    """Show what runs; fails if something that was started does not."""
    parts = supervisor.status(var)
    if supervisor.supervisor(var) is None:
        print(
            "No stack is running."
            if not parts
            else "The stack's supervisor has died; `amtsweg up` clears up."
        )
        raise typer.Exit(1)
    table = Table("part", "state", "process", "port", "restarts", "memory")
    for part in parts:
        table.add_row(
            part.name,
            "running" if part.pid else "ended",
            str(part.pid or ""),
            str(part.port or ""),
            str(part.restarts or ""),
            f"{part.memory_bytes / 2**20:.0f} MB",
        )
    Console().print(table, f"memory in all: {sum(p.memory_bytes for p in parts) / 2**20:.0f} MB")
    if not all(part.pid for part in parts):
        raise typer.Exit(1)


def addresses(description: StackDescription) -> Table:
    """Where the running stack is reached, as a table."""
    table = Table(show_header=False, box=None, padding=(0, 2))
    for name, url in description.urls:
        table.add_row(name, url)
    table.add_row("kafka", description.kafka.bootstrap)
    table.add_row("mail", str(description.smtp.maildir))
    return table


class StartView:
    """Shows the steps of a start as they happen."""

    def __init__(self, console: Console, *, var: Path | None = None) -> None:
        self._console = console
        self._var = var
        self._began = time.monotonic()

    def show(self, step: Step) -> None:
        at = f"[dim]{time.monotonic() - self._began:5.1f} s[/dim]"
        match step.part, step.state:
            case "stack", "ready":
                self._console.print(f"{at}  ready")
                if self._var is not None:
                    self._console.print(addresses(StackDescription.read(self._var)), "Ctrl-C ends it.")
            case "stack", "stopping":
                self._console.print("ending the stack …")
            case _, "starting":
                pass
            case _:
                self._console.print(f"{at}  {step.part} {step.state}  [dim]{step.detail}[/dim]")
