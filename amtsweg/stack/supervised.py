"""A part that is started again when it ends, with growing pauses."""

import http.client
import time
from contextlib import suppress
from pathlib import Path

import psutil

from amtsweg.stack import ports
from amtsweg.stack.errors import PartFailedError
from amtsweg.stack.process import Part

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_STEADY_AFTER_S = 60.0
_FAILURES_AT_START = 3


class SupervisedProcess(Part):
    """Serves HTTP at `port` and says at `health` whether it is ready."""

    health: str

    def __init__(self, name: str, *, var: Path, port: int) -> None:
        super().__init__(name, var=var, port=port)
        self._failures = 0
        self._launched_at = 0.0
        self._due: float | None = None

    def launch(self) -> None:
        self._launched_at = time.monotonic()
        self._due = None
        super().launch()

    def ready(self) -> bool:
        connection = http.client.HTTPConnection(ports.LOOPBACK, self.port, timeout=2)
        try:
            connection.request("GET", self.health)
            return connection.getresponse().status == http.HTTPStatus.OK and self._listens()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _listens(self) -> bool:
        """Whether it is this process that answers, and not another's that has taken the port."""
        with suppress(psutil.NoSuchProcess):
            listening = psutil.Process(self.pid).net_connections("inet") if self.running else []
            return any(
                each.status == psutil.CONN_LISTEN and each.laddr.port == self.port for each in listening
            )
        return False

    def tend(self) -> bool:
        """Start it again if it has ended and its pause is over; tells whether it did.

        The pause doubles with every failure in a row; a minute of running ends the row.
        """
        now = time.monotonic()
        if self.running:
            if now - self._launched_at > _STEADY_AFTER_S:
                self._failures = 0
            return False
        if self._due is None:
            self._due = now + min(_FIRST_PAUSE_S * 2**self._failures, _LONGEST_PAUSE_S)
            self._failures += 1
        if now < self._due:
            return False
        self.restarts += 1
        self.launch()
        return True

    def wait_until_ready(self) -> None:
        """At start it may fail a few times, while what it needs comes up; then it is broken."""
        deadline = time.monotonic() + self.start_within_s
        while not self.ready():
            self.tend()
            if self._failures >= _FAILURES_AT_START:
                raise self.ended(times=self._failures)
            if time.monotonic() > deadline:
                raise PartFailedError(self.not_ready_yet())
            time.sleep(0.05)
