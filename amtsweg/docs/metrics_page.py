"""docs/metrics.md: every metric that a process may show."""

from amtsweg.docs.markdown import code, table
from shared.telemetry.metrics import METRICS

_HEAD = """# Metrics

Made by `make docs` from `shared/telemetry/metrics.py`. Do not edit.

Each process shows its part of these at `/metrics` in Prometheus' text format. Counters end in `_total`, durations are
histograms in seconds. No label holds an id or anything that somebody typed.
[Operations](operations.md#what-to-watch) says which of them deserve an alarm.

"""


def page() -> str:
    """Return the page."""
    rows = [
        (f"`amtsweg_{m.name}{'_total' if m.kind == 'counter' else ''}`", m.kind, code(m.labels), m.help)
        for m in METRICS
    ]
    return _HEAD + table(("metric", "kind", "labels", "meaning"), rows)
