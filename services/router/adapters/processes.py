"""The other processes as an operator sees them: the health and metrics of each, asked over HTTP.

Services meet on the bus alone; this is no service's business but the console's, which looks as a monitor does.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx
from prometheus_client.parser import text_string_to_metric_families

from services.router.domain.cases.process import Backlog, ProcessReport, process_report
from shared.telemetry.part_words import is_meant_on_one_machine

_FRESH_SECONDS: Final = 3.0
_ANSWER_SECONDS: Final = 2.0
_MOST_BYTES: Final = 4 * 1024 * 1024
_LAG: Final = "amtsweg_lag_records"


class WatchedProcesses:
    """`services.router.ports.console.Processes` over each process's ``/health/ready`` and ``/metrics``.

    However many look, each process is asked once in three seconds. ``one_machine``: there is one broker on purpose,
    so that one copy of everything is as it should be.
    """

    def __init__(
        self, http: httpx.AsyncClient, *, urls: Mapping[str, str], one_machine: bool = False
    ) -> None:
        self._http = http
        self._one_machine = one_machine
        self._urls = urls
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._told: Sequence[ProcessReport] = ()

    async def now(self) -> Sequence[ProcessReport]:
        async with self._asking:
            if time.monotonic() - self._asked_at > _FRESH_SECONDS:
                reports = (self._report(name, url.rstrip("/")) for name, url in self._urls.items())
                self._told = await asyncio.gather(*reports)
                self._asked_at = time.monotonic()
            return self._told

    async def _report(self, name: str, url: str) -> ProcessReport:
        try:
            async with asyncio.timeout(2 * _ANSWER_SECONDS):
                health = httpx.Response(200, content=await self._read(f"{url}/health/ready")).json()
                metrics = (await self._read(f"{url}/metrics")).decode()
            return process_report(name, health=self._parts(health), backlogs=_backlogs(metrics))
        except (httpx.HTTPError, OSError, TimeoutError, ValueError):
            return ProcessReport(name=name, standing="unreachable")

    def _parts(self, told: Any) -> Mapping[str, Mapping[str, str]]:
        if not isinstance(told, dict) or not all(isinstance(part, dict) for part in told.values()):
            raise ValueError("a report of parts is expected")
        return {
            name: part
            for name, part in told.items()
            if not (self._one_machine and is_meant_on_one_machine(name, part.get("reason", "")))
        }

    async def _read(self, url: str) -> bytes:
        """What is answered; ``/health/ready`` is told with 503 too.

        Raises:
            ValueError: it is longer than we read.
        """
        body = bytearray()
        async with self._http.stream("GET", url, timeout=_ANSWER_SECONDS) as answer:
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise ValueError(f"{url}: longer than {_MOST_BYTES} bytes")
        return bytes(body)


def _backlogs(exposition: str) -> list[Backlog]:
    return [
        Backlog(group=sample.labels["group"], topic=sample.labels["topic"], records=int(sample.value))
        for family in text_string_to_metric_families(exposition)
        if family.name == _LAG
        for sample in family.samples
    ]
