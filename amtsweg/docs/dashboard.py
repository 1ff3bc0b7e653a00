"""deploy/grafana/amtsweg.json: a Grafana dashboard with a panel for every metric that a process may show."""

import json
from collections.abc import Iterator
from typing import Any, Final

from shared.telemetry.metrics import METRICS, Metric

_WIDTH: Final = 12
_HEIGHT: Final = 8
_COLUMNS: Final = 2
_SOURCE: Final = {"type": "prometheus", "uid": "${source}"}


def page() -> str:
    """Return the dashboard, as Grafana imports it."""
    panels = [_panel(number, metric) for number, metric in enumerate(METRICS)]
    dashboard = {
        "title": "Amtsweg",
        "uid": "amtsweg",
        "description": "Made by `make docs` from shared/telemetry/metrics.py. Alarms: deploy/alerts.yaml.",
        "schemaVersion": 39,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "tags": ["amtsweg"],
        "templating": {
            "list": [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]
        },
        "panels": panels,
    }
    return json.dumps(dashboard, indent=1, ensure_ascii=False) + "\n"


def _panel(number: int, metric: Metric) -> dict[str, Any]:
    row, column = divmod(number, _COLUMNS)
    return {
        "id": number + 1,
        "title": metric.help,
        "type": "timeseries",
        "datasource": _SOURCE,
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": _unit(metric), "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + n), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
            for n, (expression, legend) in enumerate(_queries(metric))
        ],
    }


def _queries(metric: Metric) -> Iterator[tuple[str, str]]:
    """Expressions and their legends: rates of counters, two quantiles of histograms, gauges as they are."""
    name, by = f"amtsweg_{metric.name}", ", ".join(metric.labels)
    legend = " ".join(f"{{{{{label}}}}}" for label in metric.labels)
    match metric.kind:
        case "counter":
            yield f"sum by ({by}) (rate({name}_total[$__rate_interval]))", legend
        case "histogram":
            for quantile in ("0.5", "0.99"):
                buckets = (
                    f"sum by ({', '.join(('le', *metric.labels))}) (rate({name}_bucket[$__rate_interval]))"
                )
                yield f"histogram_quantile({quantile}, {buckets})", f"{legend} {quantile}"
        case "gauge":
            yield f"max by ({by}) ({name})" if by else f"max({name})", legend or metric.name


def _unit(metric: Metric) -> str:
    if metric.kind == "histogram" or metric.name.endswith("_seconds"):
        return "s"
    return "ops" if metric.kind == "counter" else "short"
