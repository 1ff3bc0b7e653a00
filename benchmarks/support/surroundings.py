"""What several benchmarks ask of the machine, the stack and the directory, and how they tell what they found."""

import json
import os
import platform
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypeVar

from amtsweg.directory.folder import open_directory
from amtsweg.stack import ports, supervisor
from amtsweg.stack.kafka import Kafka

BUSINESS_REGISTRATION = "99050012104000"
"""Every municipality decides it itself, so that a submission's place says whose inbox it is."""


class Startable(Protocol):
    """A part of the stack, or all of it."""

    def start(self) -> object:
        """Return when it serves."""

    def stop(self) -> None:
        """Return when it has ended."""


S = TypeVar("S", bound=Startable)


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder for what one benchmark starts; it goes with it."""
    var = Path(__file__).parents[2] / "var" / f"bench-{os.getpid()}"
    try:
        yield var
    finally:
        shutil.rmtree(var, ignore_errors=True)


@contextmanager
def started(part: S) -> Iterator[S]:
    """The part while it serves."""
    try:
        part.start()
        yield part
    finally:
        part.stop()


@contextmanager
def own_kafka() -> Iterator[Kafka]:
    """A broker of the benchmark's own."""
    with own_folder() as var:
        port, controller = ports.free_port(), ports.free_port()
        with started(Kafka(var, port=port, controller_port=controller)) as kafka:
            yield kafka


@contextmanager
def ended(var: Path) -> Iterator[None]:
    """Whatever a supervisor runs there is ended afterwards."""
    try:
        yield
    finally:
        supervisor.stop(var)


def tell(method: str | None, found: Mapping[str, object]) -> None:
    """Print what was found, with the machine, its load and the method in the words of the benchmark's docstring."""
    said = {"machine": machine(), "load": os.getloadavg(), "method": " ".join((method or "").split())}
    print(json.dumps(said | dict(found), indent=2, ensure_ascii=False))


def tell_limits(
    file: str,
    measured: Mapping[str, float],
    limits: Mapping[str, float],
    *,
    at_least: Collection[str] = (),
    load: Mapping[str, object] | None = None,
) -> bool:
    """Print figures beside their limits, with ``--write`` into a file beside the benchmark too; return whether all hold.

    A limit is the most that is allowed; of the names in ``at_least`` the least.
    """
    missed = [
        name
        for name, limit in limits.items()
        if (measured[name] < limit if name in at_least else measured[name] > limit)
    ]
    said = {"question": Path(file).stem, "machine": machine(), **({} if load is None else {"load": load})}
    text = json.dumps({**said, "limits": limits, "measured": measured, "missed": missed}, indent=2)
    print(text)
    if "--write" in sys.argv:
        Path(file).with_suffix(".json").write_text(f"{text}\n", encoding="utf-8")
    return not missed


def machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def people() -> dict[str, int]:
    """How many live in each municipality of Hessen that has an administration today, by AGS."""
    today, directory = datetime.now(UTC).date(), open_directory(None)
    administrations = {a.id for a in directory.authorities.values() if a.days.last >= today}
    return {
        ags: counted
        for ags, rows in directory.populations.items()
        if f"g-{ags}" in administrations
        and (counted := next((row.people for row in rows if today in row.days), 0))
    }
