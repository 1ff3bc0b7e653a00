"""`amtsweg status`: what runs, what is wrong, and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import orjson
import typer
from rich.table import Table

from amtsweg.exit_status import ANSWERED_NO
from amtsweg.language import language, said
from amtsweg.stack import supervisor
from amtsweg.stack.answering import answering
from amtsweg.stack.description import StackDescription, stack_folder
from amtsweg.stack.findings import Finding, findings, told_as_text
from amtsweg.stack.ports import LOOPBACK
from amtsweg.stack.readiness import Readiness, readiness
from amtsweg.stack.services import PROCESSES
from amtsweg.stack.supervisor import PartStatus
from amtsweg.terminal import JsonOption, echo, echo_json, ended, plain_console
from shared.bounded_files import read_bounded
from shared.local_time import local_time


def status(*, as_json: JsonOption = False) -> None:
    """Show what runs and what is wrong, where and what to do; exits with 1 unless everything works."""
    var = stack_folder()
    parts = supervisor.status(var)
    running = {part.name: part.port for part in parts if part.pid and part.port}
    told = readiness(
        {name: f"http://{LOOPBACK}:{port}" for name, port in running.items() if name in PROCESSES}
    )
    answered = answering({name: port for name, port in running.items() if name not in PROCESSES})
    tended = supervisor.supervisor(var) is not None
    found = findings(parts, answered=answered, told=told)
    works = tended and bool(parts) and not found
    if as_json:
        echo_json(
            {
                "works": works,
                "parts": [_document(part, told.get(part.name)) for part in parts],
                "findings": [asdict(finding) for finding in found],
            }
        )
    if not tended:
        raise ended(why_nothing_runs(var, parts), ANSWERED_NO)
    if not as_json:
        _show(parts, {finding.where for finding in found}, told)
        if not StackDescription.path(var).exists():
            echo(said(de="Der Stapel startet oder endet gerade.", en="The stack is starting or ending."))
        _tell(found)
    if not works:
        raise typer.Exit(1)


def _document(part: PartStatus, told: Readiness | None) -> dict[str, object]:
    own = {} if told is None else {"ready": told.ready, "complaints": dict(told.complaints)}
    return {**asdict(part), **own}


def why_nothing_runs(var: Path, parts: Sequence[PartStatus]) -> str:
    if parts:
        return said(
            de="Der Prozess, der den Stapel überwacht, ist beendet; `amtsweg up` räumt auf.",
            en="The stack's supervisor has died; `amtsweg up` clears up.",
        )
    nothing = said(de="Es läuft kein Stapel.", en="No stack is running.")
    ended = supervisor.last_end(var)
    if not ended.exists():
        return nothing
    told = orjson.loads(read_bounded(ended))
    when = local_time(datetime.fromisoformat(told["at"]), language())
    reason = told["why"].get(language(), said(de="er ist gescheitert.", en="it failed."))
    return said(
        de=f"{nothing} Der letzte endete am {when}: {reason}\n"
        "`amtsweg logs` zeigt die letzten Zeilen aller Teile; `amtsweg up` startet den Stapel wieder. "
        "Was angenommen war, ist noch da.",
        en=f"{nothing} The last one ended at {when}: {reason}\n"
        "`amtsweg logs` shows the last lines of every part; `amtsweg up` starts the stack again. "
        "What was accepted is still there.",
    )


def _show(parts: Sequence[PartStatus], silent: set[str], told: Mapping[str, Readiness]) -> None:
    table = Table(
        said(de="Teil", en="part"),
        said(de="Stand", en="state"),
        said(de="Prozess", en="process"),
        "Port",
        said(de="Neustarts", en="restarts"),
        said(de="Speicher", en="memory"),
    )
    for part in parts:
        table.add_row(
            part.name,
            _standing(part, told.get(part.name), silent=part.name in silent),
            str(part.pid or ""),
            str(part.port or ""),
            str(part.restarts or ""),
            f"{part.memory_bytes / 2**20:.0f} MB",
        )
    in_all = f"{sum(p.memory_bytes for p in parts) / 2**20:.0f} MB"
    plain_console().print(table, f"{said(de='Speicher zusammen', en='memory in all')}: {in_all}")


def _standing(part: PartStatus, told: Readiness | None, *, silent: bool) -> str:
    """In one or two words; of a service, whether it can work."""
    if not part.pid:
        return said(de="beendet", en="ended")
    if silent:
        return said(de="antwortet nicht", en="does not answer")
    if told is not None and not told.ready:
        return said(de="nicht bereit", en="not ready")
    return said(de="bereit", en="ready")


def _tell(found: Sequence[Finding]) -> None:
    if not found:
        echo(
            said(
                de="Alles arbeitet. Was auf jemanden wartet: `amtsweg parked list`, `amtsweg dead-letters list`.",
                en="Everything works. What waits for somebody: `amtsweg parked list`, `amtsweg dead-letters list`.",
            )
        )
        return
    echo(
        said(
            de=f"\nNicht in Ordnung ({len(found)}), Ursachen zuerst:",
            en=f"\nNot in order ({len(found)}), causes first:",
        )
    )
    for line in told_as_text(found):
        echo(line)
