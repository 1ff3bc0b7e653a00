"""The process that owns the running stack: one per folder, ended by a signal, leaving nothing behind."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import psutil

from amtsweg.language import language, said
from amtsweg.stack import pidfiles
from amtsweg.stack.description import StackDescription
from amtsweg.stack.errors import PartFailedError, StackError
from amtsweg.stack.stack import Report, Stack, StartStep

_TEND_EVERY_S = 0.25
_END_WITHIN_S = 90.0
SERVERS = frozenset({"kafka", "postgres", "redis", "mail"})
"""Parts whose end ends the whole stack."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _StopRequested(BaseException):
    """Somebody wants the stack to end; not an error, and nothing that is handled on the way may swallow it."""


@dataclass(frozen=True, slots=True)
class PartStatus:
    name: str
    pid: int | None
    port: int | None
    restarts: int
    memory_bytes: int


def run(var: Path, *, report: Report) -> None:
    """Start the stack and tend it until a signal arrives, then end everything.

    Raises:
        StackError: it does not start, or a server ended; everything else has been ended then.
    """
    with _lock(var), _signals_stop_us():
        stack = Stack(var, report=report)
        try:
            stack.start()
            report(StartStep("stack", "ready"))
            last_end(var).unlink(missing_ok=True)
            while True:
                stack.tend()
                time.sleep(_TEND_EVERY_S)
        except _StopRequested:
            report(StartStep("stack", "stopping"))
        except StackError as error:
            note_end(var, error)
            raise
        finally:
            for number in _SIGNALS:
                signal.signal(
                    number, signal.SIG_IGN
                )  # the ending is bounded; being interrupted it would not be whole
            stack.stop()


def start_detached(var: Path, *, report: Report) -> StackDescription:
    """Start a supervisor of its own and return when the stack serves; if one runs, return its stack.

    Raises:
        StackError: the stack did not start; the text is the supervisor's.
    """
    if supervisor(var) is None:
        _start_process(var, report=report)
    return StackDescription.read(var)


def supervisor(var: Path) -> psutil.Process | None:
    """The process that runs the stack of this folder, if there is one."""
    path = _lock_file(var)
    if not path.exists():
        return None
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return psutil.Process(int(file.read(20)))
    return None


def last_end(var: Path) -> Path:
    """Where it stands when and why the last stack ended by itself. A new stack removes it."""
    return var / "ended.json"


def note_end(var: Path, error: StackError) -> None:
    """Note it for who asks later, in both languages where both are known."""
    known = error.why if isinstance(error, PartFailedError) else None
    why = {language(): str(error).partition("\n")[0]} if known is None else {"de": known.de, "en": known.en}
    told = {"at": datetime.now(UTC).isoformat(), "why": why}
    last_end(var).write_text(json.dumps(told), encoding="utf-8")


def stop(var: Path) -> bool:
    """End the stack of this folder and what a killed supervisor left of one; tells whether anything ran."""
    owner = supervisor(var)
    if owner is not None:
        pidfiles.end_tree(owner, grace_s=_END_WITHIN_S)
    orphans = pidfiles.end_orphans(var / "run")
    StackDescription.path(var).unlink(missing_ok=True)
    return owner is not None or bool(orphans)


def end(var: Path, name: str) -> None:
    """Ask one part to end; the supervisor starts it again. Nothing happens if it does not run."""
    process = pidfiles.recorded(var / "run", name)
    if process is not None:
        process.terminate()


def status(var: Path) -> list[PartStatus]:
    """What was started below this folder, and whether it runs."""
    return [_status(var / "run", name) for name in pidfiles.names(var / "run")]


def _status(folder: Path, name: str) -> PartStatus:
    noted = pidfiles.facts(folder, name)
    process = pidfiles.recorded(folder, name)
    return PartStatus(
        name=name,
        pid=process.pid if process is not None else None,
        port=noted.get("port"),
        restarts=noted.get("restarts", 0),
        memory_bytes=pidfiles.memory_of_tree(process) if process is not None else 0,
    )


def _start_process(var: Path, *, report: Report) -> None:
    log = var / "log" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    reading, writing = os.pipe()
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 -- ourselves
            [sys.executable, "-m", "amtsweg", "up", "--var", var, "--report-to", str(writing)],
            pass_fds=(writing,),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    os.close(writing)
    try:
        with os.fdopen(reading) as lines:
            _follow(lines, report)
    except BaseException:
        process.terminate()
        process.wait(_END_WITHIN_S)
        raise
    if not StackDescription.path(var).exists():
        raise StackError(
            said(
                de=f"Der Start ist an einem unerwarteten Fehler gescheitert; siehe {log}. Zuletzt steht dort: {last_line(log)}",
                en=f"The start failed with an unexpected error; see {log}. Its last line: {last_line(log)}",
            )
        )
    process.returncode = 0  # it goes on without us: no complaint that a child is left running


def last_line(log: Path) -> str:
    """What the log says last: of a traceback it is the error."""
    with log.open(encoding="utf-8", errors="replace") as lines:
        said_last = deque((line.strip() for line in lines if line.strip()), maxlen=1)
    return said_last[0] if said_last else "-"


def _follow(lines: Iterable[str], report: Report) -> None:
    for line in lines:
        step = StartStep(**json.loads(line))
        if step.part == "stack" and step.state == "failed":
            raise StackError(step.detail)
        report(step)


@contextmanager
def reporting_to(descriptor: int) -> Iterator[Report]:
    """A report that writes JSON lines for `start_detached`, until the stack is ready: then nobody reads any more."""
    with os.fdopen(descriptor, "w") as lines:

        def report(step: StartStep) -> None:
            if not lines.closed:
                lines.write(json.dumps(asdict(step)) + "\n")
                lines.flush()
                if step.part == "stack":
                    lines.close()

        try:
            yield report
        except StackError as error:
            report(StartStep("stack", "failed", str(error)))
            raise


def _lock_file(var: Path) -> Path:
    return var / "supervisor.lock"


@contextmanager
def _lock(var: Path) -> Iterator[None]:
    """Held as long as the supervisor lives, however it ends; the file says who it is."""
    var.mkdir(parents=True, exist_ok=True)
    with _lock_file(var).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(
                said(de=f"Unter {var} läuft schon ein Stapel", en=f"A stack already runs below {var}")
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextmanager
def _signals_stop_us() -> Iterator[None]:
    def request(_number: int, _frame: FrameType | None) -> None:
        raise _StopRequested

    before = {number: signal.signal(number, request) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
