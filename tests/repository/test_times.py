"""Every time that people read is written in one place (`shared.local_time`), so that it is local and names its zone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_OWN_ZONE = re.compile(r"\.astimezone\(\)")
_OWN_FORMAT = re.compile(r"%d\.%m|%H:%M(?!:%S(Z|%z))|strftime\(")

_STANDS_ALONE = _ROOT / "services/audit/adapters/http/page/verify.py"
"""Auditors carry it away: it imports nothing of ours, and has tests of its own for its times."""


def sources() -> Iterator[Path]:
    for part in ("amtsweg", "services", "shared"):
        yield from sorted(set((_ROOT / part).rglob("*.py")) - {_STANDS_ALONE})


@pytest.mark.parametrize(
    "pattern", [_OWN_ZONE, _OWN_FORMAT], ids=["the machine's zone", "a format of its own"]
)
def test_no_time_is_shown_without_its_zone(pattern: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(_ROOT)}:{number}"
        for path in sources()
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if pattern.search(line)
    ]
    assert found == []
