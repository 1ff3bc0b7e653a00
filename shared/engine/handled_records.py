"""The trail of committed records: their ids in the log, and a span for each record that belongs to a trace."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from opentelemetry.trace import SpanKind

from shared.engine.consumer_lag import series
from shared.events.trace_context import TRACEPARENT, trace_context, trace_id_of
from shared.kafka.records import Record
from shared.telemetry.tracing import CASE, SpanAttributes, enabled, follow

_PER_LINE: Final = 50
_ID: Final = re.compile(rb"[0-9a-f-]{36}")


def log_lines(records: Sequence[Record]) -> Iterator[list[dict[str, Any]]]:
    """The ids of the records, 50 to a line: a line per record would cost as much as processing the record."""
    told = map(_ids, records)
    while line := list(islice(told, _PER_LINE)):
        yield line


def trace(records: Iterable[Record], *, group: str, seconds: float) -> None:
    """Emit a span for each record that belongs to a trace; ``seconds`` is the time the group took for the batch."""
    if not enabled():
        return
    for record in records:
        headers = dict(record.headers)
        attributes: dict[str, str | int] = {
            "messaging.system": "kafka",
            "messaging.destination.name": series(record.topic),
            "messaging.consumer.group.name": group,
            "messaging.kafka.offset": record.offset,
            "messaging.message.id": _id(headers, "ce_id") or "",
            CASE: _id(headers, "ce_caseid") or "",
        }
        cause: tuple[str | None, SpanAttributes] = _traceparent(headers), attributes
        follow(f"{group} {series(record.topic)}", [cause], seconds=seconds, kind=SpanKind.CONSUMER)


def _ids(record: Record) -> dict[str, Any]:
    headers = dict(record.headers)
    told = {
        "topic": series(record.topic),
        "partition": record.partition,
        "offset": record.offset,
        "event_id": _id(headers, "ce_id"),
        "case_id": _id(headers, "ce_caseid"),
        "trace_id": trace_id_of(_traceparent(headers)),
    }
    return {name: value for name, value in told.items() if value is not None}


def _id(headers: Mapping[str, bytes], name: str) -> str | None:
    """The header's value if it is a UUID as we write it, else None: foreign bytes are not logged."""
    value = headers.get(name, b"")
    return value.decode() if _ID.fullmatch(value) else None


def _traceparent(headers: Mapping[str, bytes]) -> str | None:
    return trace_context(headers.get(TRACEPARENT))
