"""Traces (OpenTelemetry, W3C traceparent): what a step took and which step it followed; off where nothing is configured.

A span holds ids, names and durations, as a log line does, and nothing about people. Spans leave in the background; where
their receiver is away they are dropped, and no work waits.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Final

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, NoOpTracer, Span, SpanContext, SpanKind, TraceFlags

from shared.events.trace_context import trace_context
from shared.telemetry.metrics import child_of

SpanAttributes = Mapping[str, str | int]

CASE: Final = "amtsweg.case_id"
"""The attribute by which a case's traces are found."""

_OFF: Final = NoOpTracer()


class _Tracing:
    """This process's tracer: like the logs' configuration it is set once, in ``__main__``."""

    tracer: trace.Tracer = _OFF


def use(tracer: trace.Tracer | None) -> None:
    """Begin spans with this tracer from now on; None: they go nowhere."""
    _Tracing.tracer = tracer or _OFF


def enabled() -> bool:
    """Whether spans go anywhere."""
    return _Tracing.tracer is not _OFF


def begin(name: str, *, kind: SpanKind, traceparent: str | None, began_ns: int | None = None) -> Span:
    """A span that follows the step with this trace context; the caller ends it."""
    parent = _context(traceparent)
    context = None if parent is None else trace.set_span_in_context(NonRecordingSpan(parent))
    return _Tracing.tracer.start_span(name, context=context, kind=kind, start_time=began_ns)


def traceparent_of(span: Span, given: str | None) -> str:
    """The trace context for what follows from a span; one that follows ``given`` where the span goes nowhere."""
    told = span.get_span_context()
    if not span.is_recording():
        return child_of(given)
    return f"00-{told.trace_id:032x}-{told.span_id:016x}-{int(told.trace_flags):02x}"


def follow(
    name: str, causes: Iterable[tuple[str | None, SpanAttributes]], *, seconds: float, kind: SpanKind
) -> None:
    """One span for each cause, over the seconds that have just gone by; a step without a trace context has none."""
    if not enabled():
        return
    ended = time.time_ns()
    for traceparent, attributes in causes:
        if traceparent is not None:
            span = begin(name, kind=kind, traceparent=traceparent, began_ns=ended - int(seconds * 1e9))
            span.set_attributes(dict(attributes))
            span.end(ended)


def _context(traceparent: str | None) -> SpanContext | None:
    if (stated := trace_context(traceparent)) is None:
        return None
    _, trace_id, span_id, flags = stated.split("-")
    return SpanContext(
        int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16))
    )
