"""`amtsweg up`, `down`, `restart`."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from amtsweg.language import said
from amtsweg.stack import supervisor
from amtsweg.stack.description import StackDescription, stack_folder
from amtsweg.stack.errors import StackError, WrongCallError
from amtsweg.stack.stack import PartState, StartStep
from amtsweg.terminal import echo

_RESTARTED_WITHIN_S = 60.0


def up(
    *,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="return when the stack serves")] = False,
    report_to: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start the stack: Kafka, PostgreSQL, Redis, a mail sink, the services and the witnesses of the log."""
    console, var = Console(), stack_folder()
    owner = supervisor.supervisor(var)
    if owner is not None:
        ready = StackDescription.path(var).exists()
        console.print(
            said(
                de=f"Der Stapel {'läuft schon' if ready else 'wird gerade gestartet'} (Prozess {owner.pid}).",
                en=f"The stack {'already runs' if ready else 'is being started'} (process {owner.pid}).",
            )
        )
        if ready:
            console.print(addresses(StackDescription.read(var)))
        return
    if report_to is not None:
        with supervisor.reporting_to(report_to) as report:
            supervisor.run(var, report=report)
    elif detach:
        console.print(addresses(supervisor.start_detached(var, report=StartView(console).show)))
    else:
        supervisor.run(var, report=StartView(console, var=var).show)


def down() -> None:
    """Stop the stack."""
    stopped = supervisor.stop(stack_folder())
    echo(
        said(de="Der Stapel ist beendet.", en="The stack is stopped.")
        if stopped
        else said(de="Es lief kein Stapel.", en="No stack was running.")
    )


def restart(service: Annotated[str, typer.Argument(help="a name that `amtsweg status` lists")]) -> None:
    """Restart one service or witness; returns when it runs again."""
    var = stack_folder()
    before = _part(var, service)
    supervisor.end(var, service)
    deadline = time.monotonic() + _RESTARTED_WITHIN_S
    while time.monotonic() < deadline:
        now = next((part for part in supervisor.status(var) if part.name == service), None)
        if now is not None and now.pid not in {None, before.pid}:
            echo(
                said(
                    de=f"{service} läuft wieder (Prozess {now.pid}).",
                    en=f"{service} runs again (process {now.pid}).",
                )
            )
            return
        time.sleep(0.1)
    raise StackError(
        said(
            de=f"{service} läuft nach {_RESTARTED_WITHIN_S:.0f} s noch nicht; siehe `amtsweg logs {service}`",
            en=f"{service} does not run after {_RESTARTED_WITHIN_S:.0f} s; see `amtsweg logs {service}`",
        )
    )


def _part(var: Path, name: str) -> supervisor.PartStatus:
    """The running part of this name that the supervisor starts again when it ends."""
    parts = {part.name: part for part in supervisor.status(var) if part.port}
    if supervisor.supervisor(var) is None:
        raise WrongCallError(said(de="Es läuft kein Stapel.", en="No stack is running."))
    if name not in parts or name in supervisor.SERVERS:
        names = ", ".join(sorted(set(parts) - supervisor.SERVERS))
        raise WrongCallError(
            said(de=f"{name}: erwartet wird eines von {names}", en=f"{name}: expected one of {names}")
        )
    return parts[name]


def _state(state: PartState) -> str:
    """How a part of the stack stands, in words."""
    german = {"ready": "bereit", "restarted": "neu gestartet", "stopping": "endet", "failed": "gescheitert"}
    return said(de=german.get(state, state), en=state)


def addresses(description: StackDescription) -> Table:
    """Where the running stack is reached, as a table."""
    table = Table(show_header=False, box=None, padding=(0, 2))
    doors = said(de="Türen der Behörden (urls.router)", en="authorities' doors (urls.router)")
    for name, url in description.urls:
        # The file calls them by the service that they belong to; its process ``router`` answers elsewhere.
        table.add_row(doors if name == "router" else name, url)
    table.add_row("kafka", description.kafka.bootstrap)
    table.add_row(said(de="Mails", en="mail"), str(description.smtp.maildir))
    table.add_row(said(de="Postfächer", en="mailboxes"), str(description.smtp.mailboxes))
    table.add_row(said(de="Briefe", en="letters"), str(description.smtp.letters))
    return table


class StartView:
    """Shows the steps of a start as they happen."""

    def __init__(self, console: Console, *, var: Path | None = None) -> None:
        self._console = console
        self._var = var
        self._began = time.monotonic()

    def show(self, step: StartStep) -> None:
        at = f"[dim]{time.monotonic() - self._began:5.1f} s[/dim]"
        match step.part, step.state:
            case "stack", "ready":
                self._console.print(f"{at}  {said(de='bereit', en='ready')}")
                if self._var is not None:
                    self._console.print(
                        addresses(StackDescription.read(self._var)),
                        said(de="Strg-C beendet ihn.", en="Ctrl-C ends it."),
                    )
            case "stack", "stopping":
                self._console.print(said(de="der Stapel wird beendet …", en="ending the stack …"))
            case _, "starting":
                pass
            case _:
                self._console.print(f"{at}  {step.part} {_state(step.state)}  [dim]{step.detail}[/dim]")
