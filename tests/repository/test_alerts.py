"""Every alarm can ring: its metric is declared, and somebody emits it; every documented alarm has its rule."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from shared.telemetry.logs import FIELDS
from shared.telemetry.metrics import METRICS
from tests.repository.tree import CODE, ROOT, modules

pytestmark = pytest.mark.slow

_NAME = re.compile(r"amtsweg_([a-z_]+)")
_EMITS = {"count", "set", "observe", "follow"}
_LOGS = {"debug", "info", "warning", "error"}
_OF_THE_LOGGER = {"logger", "event", "level", "time", "service"}


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((ROOT / "deploy" / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def exposed() -> set[str]:
    """Names as Prometheus shows them, without the prefix."""
    return {f"{m.name}_total" if m.kind == "counter" else m.name for m in METRICS}


def watched(text: str) -> set[str]:
    return set(_NAME.findall(text))


def _calls(methods: set[str]) -> Iterator[ast.Call]:
    for _, tree in modules(*CODE):
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in methods
            ):
                yield node


def test_every_rule_is_made_to_ring_by_a_test() -> None:
    """`rings("Name", …)` evaluates the rule over what a part under test has shown."""
    rung = {
        call.args[0].value
        for _, tree in modules("tests")
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) in {"rings", "until_rings"}
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }
    assert rung == {rule["alert"] for rule in rules()}


def test_every_rule_watches_metrics_that_exist() -> None:
    assert set().union(*(watched(rule["expr"]) for rule in rules())) <= exposed()


def test_every_documented_alarm_has_a_rule_and_every_rule_is_documented() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = page.partition("## What to watch")[2].partition("\n## ")[0]
    in_rules = set().union(*(watched(rule["expr"]) for rule in rules()))
    assert watched(table) == in_rules


def test_the_dashboard_shows_every_metric_and_no_other() -> None:
    dashboard = json.loads((ROOT / "deploy" / "grafana" / "amtsweg.json").read_text(encoding="utf-8"))
    queries = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    shown = {
        f"{m.name}_bucket" if m.kind == "histogram" else name
        for m, name in zip(METRICS, _shown(), strict=True)
    }
    assert watched(queries) == shown


def _shown() -> list[str]:
    return [f"{m.name}_total" if m.kind == "counter" else m.name for m in METRICS]


def test_every_metric_that_is_declared_is_emitted() -> None:
    emitted = {
        call.args[0].value for call in _calls(_EMITS) if call.args and isinstance(call.args[0], ast.Constant)
    }
    assert {metric.name for metric in METRICS} - emitted == set()


def test_every_field_of_a_log_line_is_listed() -> None:
    """What is not listed is not written, so that a line would say less than its author meant."""
    missing = {
        keyword.arg
        for call in _calls(_LOGS)
        if isinstance(call.func, ast.Attribute)
        and ast.unparse(call.func.value).endswith(("_log", "log", "get_logger()"))
        for keyword in call.keywords
        if keyword.arg is not None and keyword.arg not in {"exc_info", *_OF_THE_LOGGER}
    } - FIELDS
    assert missing == set()
