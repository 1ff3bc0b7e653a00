"""Whether a rule of deploy/alerts.yaml rings for what a process shows on /metrics: its expressions, evaluated here.

Only what the rules use: a series compared with a number, and of two looks at it the increase or the minimum.
"""

import operator
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from prometheus_client.parser import text_string_to_metric_families

from shared.telemetry.metrics import Telemetry

_RULES: Final = Path(__file__).parents[2] / "deploy" / "alerts.yaml"
_EXPRESSION: Final = re.compile(
    r"(?:(?P<over>increase|min_over_time)\()?(?P<name>[a-z_]+)(?:\{(?P<labels>[^}]*)\})?(?:\[\d+[smh]\]\))? "
    r"(?P<compare>[<>]|==) (?P<bound>\d+)"
)
_COMPARE: Final = {">": operator.gt, "<": operator.lt, "==": operator.eq}

Series = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def rules() -> dict[str, dict[str, Any]]:
    """Every rule by its name."""
    (group,) = yaml.safe_load(_RULES.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def rings(alert: str, now: Telemetry | bytes, *, before: bytes = b"") -> bool:
    """Whether the alert's expression holds for some series; ``before`` is what was shown at the rule's earlier look."""
    found = _EXPRESSION.fullmatch(rules()[alert]["expr"])
    assert found is not None, f"{alert}: this form of expression is not known here"
    wanted = frozenset(
        (name, value.strip('"'))
        for name, _, value in (part.partition("=") for part in (found["labels"] or "").split(",") if part)
    )
    earlier = _series(before)
    return any(
        _COMPARE[found["compare"]](_over(found["over"], value, earlier.get(key, 0.0)), float(found["bound"]))
        for key, value in _series(now.exposition() if isinstance(now, Telemetry) else now).items()
        if key[0] == found["name"] and wanted <= key[1]
    )


def _over(function: str | None, now: float, before: float) -> float:
    if function == "increase":
        return now - before
    return min(now, before) if function == "min_over_time" else now


def _series(exposition: bytes) -> Series:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(exposition.decode())
        for sample in family.samples
    }
