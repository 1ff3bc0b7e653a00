"""Metrics (Prometheus) and trace context (W3C traceparent); every metric stands in one table."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from shared.events.trace_context import trace_context

MetricName = Literal[
    "batch_seconds",
    "checkpoint_age_seconds",
    "dead_letters",
    "decisions",
    "directory_changes",
    "expired_records",
    "handover_seconds",
    "http_requests",
    "http_seconds",
    "lag_records",
    "late_inputs",
    "messages_sent",
    "obligations",
    "oldest_seconds",
    "outbox_refused",
    "outbox_waiting",
    "paused_partitions",
    "records",
    "sealed_for_another_use",
    "sessions_ended",
    "state_keys",
    "tasks_reopened",
    "timestamp_age_seconds",
    "unavailable_topics",
    "waiting",
]


@dataclass(frozen=True, slots=True)
class Metric:
    """One row: names carry the prefix ``amtsweg_`` outside; counters end in ``_total``."""

    name: MetricName
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()


METRICS: Final = (
    Metric("batch_seconds", "histogram", "From a batch's first record to its commit", ("group",)),
    Metric(
        "checkpoint_age_seconds",
        "gauge",
        "Age of the log's published checkpoint, which a quorum has cosigned",
    ),
    Metric("dead_letters", "counter", "Records moved to the dead letter", ("group", "topic", "kind")),
    Metric("decisions", "counter", "Decisions taken", ("service", "decision")),
    Metric("directory_changes", "counter", "Changes of the directory, followed or ignored", ("result",)),
    Metric("expired_records", "counter", "Records that expired before they were read", ("group", "topic")),
    Metric(
        "handover_seconds",
        "histogram",
        "From news of a case to the server that took its mail",
        ("channel", "kind"),
    ),
    Metric("http_requests", "counter", "Requests answered", ("route", "method", "status")),
    Metric("http_seconds", "histogram", "From a request to its answer", ("route",)),
    Metric("lag_records", "gauge", "Records not yet consumed", ("group", "topic")),
    Metric("late_inputs", "counter", "Inputs about unknown cases, older than any that is kept", ("topic",)),
    Metric("messages_sent", "counter", "Attempts to deliver a message to a recipient", ("channel", "result")),
    Metric("obligations", "gauge", "What should have followed in a case and has not", ("rule", "standing")),
    Metric("oldest_seconds", "gauge", "Age of the oldest item that waits", ("kind",)),
    Metric("outbox_refused", "gauge", "Messages that Kafka will never take", ("schema",)),
    Metric("outbox_waiting", "gauge", "Rows not yet published", ("schema",)),
    Metric("paused_partitions", "gauge", "Partitions held back after a failure", ("group",)),
    Metric("records", "counter", "Records consumed and committed", ("group", "topic")),
    Metric(
        "sealed_for_another_use",
        "counter",
        "Sealed objects found in an event that they were not sealed for; never an accident",
    ),
    Metric("sessions_ended", "counter", "Consumer sessions that ended with an error", ("group",)),
    Metric("state_keys", "gauge", "Keys in the state of this partition", ("group", "partition")),
    Metric("tasks_reopened", "counter", "Partition tasks that failed and were reopened", ("group",)),
    Metric(
        "timestamp_age_seconds",
        "gauge",
        "Since a log's checkpoint was last stamped by a time authority",
        ("log",),
    ),
    Metric("unavailable_topics", "gauge", "Output topics that do not exist or refuse us", ("group",)),
    Metric(
        "waiting",
        "gauge",
        "Items that wait for a person or a system, for example parked submissions",
        ("kind",),
    ),
)

_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Telemetry:
    """This process's metrics; made once in ``app`` and passed to the parts that count."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}
        for m in METRICS:
            name = f"amtsweg_{m.name}"
            if m.kind == "counter":
                self._counters[m.name] = Counter(name, m.help, m.labels, registry=self.registry)
            elif m.kind == "gauge":
                self._gauges[m.name] = Gauge(name, m.help, m.labels, registry=self.registry)
            else:
                self._histograms[m.name] = Histogram(
                    name, m.help, m.labels, registry=self.registry, buckets=_BUCKETS
                )

    def count(self, name: MetricName, amount: float = 1, /, **labels: str) -> None:
        """Add to a counter."""
        counter = self._counters[name]
        (counter.labels(**labels) if labels else counter).inc(amount)

    def set(self, name: MetricName, value: float, /, **labels: str) -> None:
        """Set a gauge."""
        self._gauges[name].labels(**labels).set(value)

    def follow(self, name: MetricName, measure: Callable[[], float], /, **labels: str) -> None:
        """Have a gauge measured whenever somebody asks."""
        gauge = self._gauges[name]
        (gauge.labels(**labels) if labels else gauge).set_function(measure)

    def observe(self, name: MetricName, seconds: float, /, **labels: str) -> None:
        """Add a duration to a histogram."""
        self._histograms[name].labels(**labels).observe(seconds)

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)


def child_of(traceparent: str | None) -> str:
    """The trace context of a step that follows: same trace, new span; a new trace if there is none."""
    if (stated := trace_context(traceparent)) is None:
        return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    version, trace, _, flags = stated.split("-")
    return f"{version}-{trace}-{secrets.token_hex(8)}-{flags}"
