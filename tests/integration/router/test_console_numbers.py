"""Every number that people have opens the case in the console, with the keyboard alone, on the narrowest screen."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from shared.events.ids import case_id
from shared.events.receipt_number import receipt_number
from tests.support.browser import accessibility_problems, tab_to
from tests.support.console import ConsoleGround, console
from tests.support.events import RECEIPT, RECEIVED_AT
from tests.support.routing import RouterInMemory, submission

pytestmark = pytest.mark.long

SENT = submission("antrag-9")
NUMBER = receipt_number(SENT.submission_id, received_at=RECEIVED_AT)
NUMBERS = {
    "receipt number": NUMBER,
    "receipt number as a person types it": NUMBER.replace("-", " ").lower(),
    "submission id": str(SENT.submission_id),
    "case id": str(case_id(SENT.submission_id)),
}


@pytest.fixture
async def address(page: Page, tmp_path: Path) -> AsyncIterator[str]:
    ground = ConsoleGround(RouterInMemory(tmp_path))
    ground.router.take(submission("antrag-9", receipt=RECEIPT.model_copy(update={"receipt_number": NUMBER})))
    await ground.follow()
    async with console(ground) as url:
        yield f"{url}/console/"
        await page.goto("about:blank")  # it asks again every few seconds, and nobody will answer


async def _look_for(page: Page, number: str) -> None:
    field = page.get_by_label("Eingangs-, Antrags- oder Vorgangsnummer")
    await tab_to(page, field)
    await page.keyboard.press("Control+A")
    await page.keyboard.type(number)
    await page.keyboard.press("Enter")


async def test_every_number_opens_the_case_with_the_keyboard_alone_on_a_narrow_screen(
    page: Page, address: str
) -> None:
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.goto(address)
    for link in (page.get_by_role("link", name="Anmelden"), page.get_by_role("link", name="Toni Betrieb")):
        await tab_to(page, link)
        await page.keyboard.press("Enter")
    found = page.locator("#found")
    for name, number in NUMBERS.items():
        await _look_for(page, number)
        await expect(found, name).to_contain_text(NUMBER)
        await expect(found, name).to_contain_text("Magistrat der Stadt Gießen (g-06531005)")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320, name
        assert await accessibility_problems(page) == [], name
        await _look_for(page, "Bauantrag 12/7")
        await expect(page.get_by_text("Das eigene Zeichen einer Plattform")).to_be_visible()
        await expect(found, name).not_to_contain_text(NUMBER)
