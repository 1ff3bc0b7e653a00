"""Structured logs: one JSON line per batch or request, and nothing about people (promise 10).

Only listed fields are written, and errors of foreign code by class and place: their texts quote values.
"""

import errno
import logging
import os
import re
import sys
import time
import traceback
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

from shared.errors import Stopped, Unavailable, Undecodable

FIELDS: Final = frozenset(
    {
        "attempts",
        "authority",
        "case_id",
        "channel",
        "client_id",
        "count",
        "decision",
        "error",
        "event",
        "event_id",
        "failures",
        "group",
        "handled",
        "instance",
        "kind",
        "level",
        "logger",
        "method",
        "ms",
        "next",
        "offset",
        "part",
        "partition",
        "port",
        "reason",
        "records",
        "route",
        "schema",
        "seconds",
        "service",
        "status",
        "submission_id",
        "suppressed",
        "time",
        "topic",
        "topics",
        "trace_id",
        "version",
    }
)
"""Every field that a log line may have."""

_TOPIC: Final = re.compile(r"[a-z0-9.-]{1,200}\.v[0-9]{1,3}")
_OWN_WORDS = (Stopped, Unavailable, Undecodable)
_QUIET_SECONDS = 10.0


def configure(service: str, *, level: str = "INFO") -> None:
    """Send this process's log lines to standard output as JSON. Called once, in ``__main__``."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            _only_listed,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(handlers=[_Foreign(service)], level=logging.WARNING, force=True)


def describe(error: BaseException) -> str:
    """An error in words that quote nothing: our own text, or the foreign class and where it was raised.

    Of the operating system's errors its fixed text is added: what is missing then is space, a right or a port.
    """
    if isinstance(error, _OWN_WORDS):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else ""
    number = error.errno if isinstance(error, OSError) else None
    fault = f" ({os.strerror(number)})" if number is not None and number in errno.errorcode else ""
    return f"{type(error).__module__}.{type(error).__qualname__}{fault}{place}"


def _only_listed(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in line.keys() - FIELDS:
        del line[name]
    if isinstance(error := line.get("error"), BaseException):
        line["error"] = describe(error)
    return line


class _Foreign(logging.Handler):
    """Lines of libraries, by template and not by argument; a repeated one once in ten seconds.

    Without this limit every worker writes some 70 lines a second while Kafka is away.
    """

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        # The first line only: below it asyncio quotes what it found in a task.
        template = str(record.msg).partition("\n")[0][:200]
        now, (since, suppressed) = time.monotonic(), self._seen.get((record.name, template), (-1e9, 0))
        if now - since < _QUIET_SECONDS:
            self._seen[record.name, template] = (since, suppressed + 1)
            return
        self._seen[record.name, template] = (now, 0)
        fields: dict[str, Any] = {"suppressed": suppressed} if suppressed else {}
        if record.exc_info and record.exc_info[1]:
            fields["error"] = record.exc_info[1]
        if topics := _topics(record):
            fields["topics"] = topics
        structlog.get_logger().log(record.levelno, template, logger=record.name, **fields)


def _topics(record: logging.LogRecord) -> list[str]:
    """The topics among the arguments of a line, which is all that is said of its arguments."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    return [text for text in map(str, arguments) if _TOPIC.fullmatch(text)]
