"""One part of the stack: a child process with its own log, ready when it answers, ended for certain."""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from amtsweg.language import language, said
from amtsweg.stack import pidfiles
from amtsweg.stack.errors import PartFailedError
from shared.web.bilingual import Bilingual

_POLL_S = 0.05
_LOG_TAIL_LINES = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run, with what added to the environment, and where."""

    arguments: Sequence[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None


class Part:
    """Subclasses say what to run (`command`), what must exist before (`prepare`) and when it serves (`ready`).

    `kill` followed by `start` is a crash and a restart: same port, same data.
    """

    start_within_s: float = 180.0
    stop_within_s: float = 20.0
    stop_signal: signal.Signals = signal.SIGTERM
    niceness: int = 0
    """How far it gives way to the others where processors are scarce: 0 to 19, see nice(2)."""

    def __init__(self, name: str, *, var: Path, port: int) -> None:
        self.name = name
        self.port = port
        self.restarts = 0
        self.var = var
        self.log = var / "log" / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._log_began = 0

    def prepare(self) -> None:
        """Make what the first start needs; called before every start, cheap when there is nothing to do."""

    def command(self) -> Command:
        raise NotImplementedError

    def ready(self) -> bool:
        raise NotImplementedError

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit code of the last run; None while it runs or before the first."""
        return self._process.poll() if self._process is not None else None

    def start(self) -> None:
        """Start and return when the part serves; raises PartFailedError with the end of its log."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start without waiting."""
        self.prepare()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        command = self.command()
        with self.log.open("ab") as log:
            self._log_began = log.tell()
            self._process = subprocess.Popen(  # noqa: S603 -- fixed programs of the stack, no shell
                [os.fspath(argument) for argument in command.arguments],
                env={**_inherited(), **command.environment},
                cwd=command.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which ends the parts in order
            )
        if self.niceness:
            _give_way(self._process.pid, self.niceness)
        pidfiles.record(
            self.var / "run", self.name, pid=self._process.pid, port=self.port, restarts=self.restarts
        )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + self.start_within_s
        while not self.ready():
            if not self.running:
                raise self.ended()
            if time.monotonic() > deadline:
                raise PartFailedError(self.not_ready_yet())
            time.sleep(_POLL_S)

    def ended(self, *, times: int = 1) -> PartFailedError:
        """How, in words, with the end of its log."""
        name, code = self.name, self.exit_code
        why = Bilingual(de=f"{name} endete mit Code {code}.", en=f"{name} ended with code {code}.")
        if times > 1:
            why = Bilingual(
                de=f"{name} endete beim Start {times}-mal, zuletzt mit Code {code}.",
                en=f"{name} ended {times} times at start, last with code {code}.",
            )
        return PartFailedError(f"{why.in_language(language())}\n{self.log_tail()}", why=why)

    def not_ready_yet(self) -> str:
        """In words, with the end of its log."""
        name, seconds = self.name, f"{self.start_within_s:.0f} s"
        told = said(
            de=f"{name} war nach {seconds} nicht bereit.", en=f"{name} was not ready within {seconds}."
        )
        return f"{told}\n{self.log_tail()}"

    def terminate(self) -> None:
        """Ask it to end, without waiting. Nothing happens if it does not run."""
        if self._process is not None and self.running:
            self._process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """End politely, for certain after `stop_within_s`."""
        self.terminate()
        if self._process is not None:
            try:
                self._process.wait(self.stop_within_s)
            except subprocess.TimeoutExpired:
                self.kill()
        pidfiles.forget(self.var / "run", self.name)

    def kill(self) -> None:
        """`kill -9` for the process and all its children, as a crash would."""
        if self._process is not None and self.running:
            pidfiles.end_tree(psutil.Process(self._process.pid))
            self._process.wait(10)
        pidfiles.forget(self.var / "run", self.name)

    def log_tail(self) -> str:
        """The last lines of this run, none of the runs before it, and where the whole log lies."""
        whole = said(de=f"Das ganze Protokoll: {self.log}", en=f"The whole log: {self.log}")
        return "".join([*self._last_lines(), whole])

    def _last_lines(self) -> Iterable[str]:
        if not self.log.exists():
            return ()
        with self.log.open(errors="replace") as lines:
            lines.seek(self._log_began)
            return deque((f"{line.rstrip()}\n" for line in lines), maxlen=_LOG_TAIL_LINES)


def _inherited() -> dict[str, str]:
    """The environment of a child: what any program needs, none of our settings.

    glibc would give each thread a heap of its own; on few cores that costs memory and gains nothing.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AMTSWEG_")}
    return {"MALLOC_ARENA_MAX": "2"} | kept


def _give_way(pid: int, niceness: int) -> None:
    os.setpriority(os.PRIO_PROCESS, pid, niceness)
    # Linux may weigh sessions, not processes, and each part has one of its own; elsewhere there is no such file.
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(niceness))
