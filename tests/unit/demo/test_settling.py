"""The demo waits for a slow machine as long as something still comes, and says what is missing when nothing does."""

from io import StringIO
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from amtsweg.demo import run, show
from amtsweg.demo.checks import BillLine, Seen, expected_mails
from amtsweg.demo.journey import Journey
from amtsweg.demo.run import Bill, RunProgress, settle
from tests.unit.demo.test_reckoning import WANTED, seen_of, taken_of


class Stores:
    """Stores in which one more mail lies at each look, until so many are there; a minute passes between two looks."""

    def __init__(self, *, mails: int) -> None:
        self.mails, self.looks = mails, 0

    async def look(self, _: object, *, cases: object, seen: Seen) -> None:
        self.looks += 1
        seen.mails.clear()
        seen.mails.update(self.expected[: min(self.looks, self.mails)])

    @property
    def expected(self) -> list[str]:
        taken = taken_of()
        return sorted(expected_mails(taken, parked=seen_of(taken).parked))


async def settled(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> RunProgress:
    monkeypatch.setattr(run, "look", stores.look)
    monkeypatch.setattr(run, "_LOOK_EVERY_S", 0)
    monkeypatch.setattr(run, "time", SimpleNamespace(monotonic=lambda: stores.looks * 60.0))
    progress = RunProgress(requests=len(WANTED))
    progress.taken[:] = taken_of()
    progress.seen = seen_of(taken_of())
    await settle(cast("Any", None), progress=progress)
    return progress


async def test_as_long_as_mails_come_the_demo_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    stores = Stores(mails=40)
    progress = await settled(stores, monkeypatch)
    assert progress.seen.mails.total() == 40
    assert stores.looks == 42


def ended_with(*checks: BillLine, width: int) -> str:
    """What stands in the panel under the bill."""
    outcome = Bill(
        taken=(),
        seen=Seen(),
        checks=checks,
        verdicts=(),
        proven=None,
        journey=Journey(),
        seconds=1.0,
        memory_bytes=1,
    )
    written = StringIO()
    show.bill(outcome, Console(file=written, width=width))
    return written.getvalue().rpartition("╭─")[2]


def test_a_bill_that_does_not_add_up_names_what_is_missing_and_promises_nothing() -> None:
    checks = [BillLine(f"Zeile {each}", "1", each, each == "1") for each in ("0", "1")]
    told = ended_with(*checks, width=200)
    assert "Es geht nicht auf: Zeile 0." in told
    assert "var/log" in told
    assert "genau einmal" not in told


def test_what_happened_is_broken_where_the_terminal_ends_and_nowhere_else() -> None:
    told = ended_with(BillLine("Zeile", "1", "1", holds=True), width=2000)
    assert len(told.splitlines()) == 4  # the title, what happened, the verdict, the frame
