"""What holds for every test: the real parts are at hand, and in CI nothing is skipped."""

import os
from collections.abc import Generator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from amtsweg.servers_asked import asking_nobody

pytest_plugins = ["tests.support.browser", "tests.support.stack"]

os.environ["AMTSWEG_LANG"] = "de"  # whatever the machine speaks; a test of the other language says so
_LONGEST_FIRST = {"e2e": -3, "router": -2, "audit": -1}
_IN_CI = os.environ.get("CI") == "true"

# A busy machine makes no property false: time is measured in benchmarks/, never in tests. Each run draws anew;
# `make test-long` draws much more.
settings.register_profile(
    "untimed", deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("untimed"), max_examples=500)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _as_a_process_begins() -> None:
    """Another test may have set what is written, or asked a server, as a process of its own does."""
    structlog.reset_defaults()
    asking_nobody()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Random order, but folder by folder: what a folder's tests share is started once.

    The longest folders come first, so that the others fit beside them.
    """
    folders = list(dict.fromkeys(item.path.parent for item in items))
    folders.sort(key=lambda folder: _LONGEST_FIRST.get(folder.name, 0))
    items.sort(key=lambda item: folders.index(item.path.parent))


class FolderScheduling(LoadScopeScheduling):  # type: ignore[misc] # its log has no type
    """A folder is one worker's: two stacks at once would want the same ports, and what is shared is started once."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0].rpartition("/")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FolderScheduling | None:
    return FolderScheduling(config, log) if config.getvalue("dist") == "loadscope" else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that is skipped in CI has not shown anything: it fails."""
    report = yield
    if _IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        _fail(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if _IN_CI and report.skipped:
        _fail(report)
    return report


def _fail(report: Any) -> None:
    report.outcome = "failed"
    report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
