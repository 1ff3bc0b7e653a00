"""A real Chromium for the pages that people read: one process per session, a fresh context for every test.

async def test_it(page: Page) -> None:
    await page.goto(url)
    assert await accessibility_problems(page) == []

Chromium is the system's own (Debian: ``apt-get install chromium``); playwright drives it and downloads nothing.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.async_api import ConsoleMessage, Locator, Page

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",  # tests run as root in CI; the pages are our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--lang=de-DE",
    "--remote-debugging-port=0",
)
_STARTS_WITHIN_S = 30
_PATIENCE_MS = 20_000
"""How long a page may take to show something: long, for a busy machine; only what fails waits it out."""

_MOST_STOPS = 150
"""As many keys as anybody would press; pages have fewer places to stop at."""

_REFUSED = re.compile(r"status of 40[134] |net::ERR_CONNECTION_RESET$")
_LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[str]:
    """A running Chromium; where its debugger listens."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip("Chromium is missing: apt-get install chromium")
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        (Path(folder) / "log").open("wb") as log,
    ):
        process = subprocess.Popen(
            [program, *_ARGUMENTS, f"--user-data-dir={folder}", "about:blank"],
            stderr=log,
            env={**os.environ, "HOME": folder},
        )
        try:
            yield _address(Path(folder), process)
        finally:
            process.terminate()
            process.wait(10)


def _address(folder: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + _STARTS_WITHIN_S
    written = folder / "DevToolsActivePort"
    while not (written.exists() and "\n" in written.read_text()):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"Chromium did not start:\n{(folder / 'log').read_text()}")
        time.sleep(0.05)
    port, path = written.read_text().split("\n")[:2]
    return f"ws://127.0.0.1:{port}{path}"


@pytest.fixture
async def page(chromium: str) -> AsyncIterator["Page"]:
    """An empty page in German; at the end the test fails if a script failed or the console showed an error."""
    from playwright.async_api import async_playwright, expect  # noqa: PLC0415 - most tests do without

    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(chromium)
        context = await browser.new_context(locale="de-DE", reduced_motion="reduce")
        page = await context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        expect.set_options(timeout=_PATIENCE_MS)
        page.on("dialog", lambda dialog: dialog.accept())  # "leave this page?": a test that goes, goes
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said) else None)
        yield page
        await context.close()
    assert complaints == []


def _is_complaint(said: "ConsoleMessage") -> bool:
    """An error on the console, but for the browser's own remark that a request was refused or broken off."""
    return said.type == "error" and not _REFUSED.search(said.text)


async def sign_in(page: "Page", address: str, person: str) -> None:
    """Open the page and sign in at the local issuer as this person."""
    await page.goto(address)
    for name in ("Anmelden", person):
        await page.get_by_role("link", name=name).click()


async def accessibility_problems(page: "Page") -> list[str]:
    """What axe-core finds against WCAG 2.2 A and AA on the page as it stands, and of its colours on a dark desktop."""
    from axe_playwright_python.base import AXE_SCRIPT  # noqa: PLC0415 - most tests do without

    await page.evaluate(AXE_SCRIPT)
    found = await _violations(page, {"type": "tag", "values": _LEVELS})
    await page.emulate_media(color_scheme="dark")
    found += await _violations(page, {"type": "rule", "values": ["color-contrast"]})
    await page.emulate_media(color_scheme="light")
    return [
        f"{violation['id']}: {', '.join(str(node['target']) for node in violation['nodes'])}: {violation['help']}"
        for violation in found
    ]


async def _violations(page: "Page", rules: dict[str, Any]) -> list[Any]:
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    found: dict[str, list[Any]] = await page.evaluate("options => axe.run(document, options)", options)
    return found["violations"]


async def screenshot(page: "Page", path: Path) -> None:
    """The whole page as a picture, for people to look at, and small enough for the docs."""
    await page.screenshot(path=path.with_suffix(".jpg"), full_page=True, type="jpeg", quality=70)


async def tab_to(page: "Page", wanted: "Locator") -> None:
    """Reach it as somebody without a mouse does, backwards from where the focus is; it fails where nobody can get there."""
    await wanted.wait_for()
    for _ in range(_MOST_STOPS):
        if await wanted.evaluate("element => element === document.activeElement"):
            return
        await page.keyboard.press("Shift+Tab")
    raise AssertionError(f"the keyboard does not reach {wanted}")
