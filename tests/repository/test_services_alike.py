"""What one service has, each has, and in the same place: whoever knows one finds their way in the others."""

import re
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from pathlib import Path

import pytest

from shared.events.topics import GROUPS
from tests.repository.tree import ROOT, modules

SERVICES = sorted(GROUPS)


@pytest.mark.parametrize("service", SERVICES)
def test_records_are_dispatched_in_the_consumer_and_nowhere_else(service: str) -> None:
    decoding = {
        name
        for name, tree in modules(f"services/{service}")
        if re.search(
            r"\bclass \w+:\n.*?(async def apply|def on_record)\(", (ROOT / name).read_text(), re.DOTALL
        )
    }
    assert decoding == {f"services/{service}/consumer.py"}


@pytest.mark.parametrize("service", SERVICES)
def test_schema_and_migrations_have_one_place_and_one_naming(service: str) -> None:
    postgres = import_module(f"services.{service}.adapters.postgres")
    folder = ROOT / "services" / service / "adapters" / "postgres" / "migrations"
    assert Path(postgres.MIGRATIONS) == folder
    assert postgres.SCHEMA.isidentifier()
    names = sorted(path.name for path in folder.glob("*.py") if path.name != "__init__.py")
    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+\.py", name) for name in names), names
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


@pytest.mark.parametrize("service", SERVICES)
def test_a_clock_is_a_function_that_tells_the_instant(service: str) -> None:
    assert import_module(f"services.{service}.ports").Clock == Callable[[], datetime]


@pytest.mark.parametrize(
    ("what", "pattern", "home"),
    [
        ("a growing pause", r"min\([^\n]*\* ?2\b|min\(2 ?\*", {"shared/backoff.py"}),
        ("a leader among replicas", r"pg_try_advisory_lock", {"shared/postgres/leader.py"}),
        ("a lead that goes with time", r"\bholder = \$", {"shared/postgres/leader.py"}),
        ("whether inputs are applied", r"\bends=behind\b", {"shared/kafka/caught_up.py"}),
    ],
)
def test_what_all_need_is_written_once(what: str, pattern: str, home: set[str]) -> None:
    found = {
        name for name, _ in modules("services", "shared") if re.search(pattern, (ROOT / name).read_text())
    }
    assert found - KNOWN == home, what


KNOWN = {"services/notifier/domain/breaker.py"}
"""A decision over instants, without a clock."""
