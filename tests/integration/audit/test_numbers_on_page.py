"""Every number that people have opens the case on the auditors' page, with the keyboard alone, on the narrowest screen."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from shared.events.ids import case_id
from tests.integration.audit.conftest import TOKENS, RunningLog
from tests.integration.audit.serving import served
from tests.support.audit_story import CASE, NUMBER_OF_STORY, STORY, SUBMISSION
from tests.support.browser import accessibility_problems, tab_to

pytestmark = pytest.mark.long

NUMBERS = {
    "receipt number": NUMBER_OF_STORY,
    "receipt number as a person types it": NUMBER_OF_STORY.replace("-", " ").lower(),
    "submission id": str(SUBMISSION),
    "case id": str(case_id(SUBMISSION)),
    "pseudonym of the case": CASE,
}


@pytest.fixture
async def address(running: RunningLog) -> AsyncIterator[str]:
    await running.append(*STORY)
    await running.covered(len(STORY))
    async with served(running) as url:
        yield url


async def _type(page: Page, label: str, text: str) -> None:
    await tab_to(page, page.get_by_label(label))
    await page.keyboard.press("Control+A")
    await page.keyboard.type(text)


async def _enter(page: Page, address: str) -> None:
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.goto(address)
    await _type(page, "Aktenzeichen", "RH-2026/17")
    await _type(page, "Zweck der Einsicht", "Prüfung der Laufzeiten")
    await _type(page, "Ihr Prüfer-Token", TOKENS["rechnungshof"])
    await page.keyboard.press("Enter")


async def test_every_number_opens_the_case_with_the_keyboard_alone_on_a_narrow_screen(
    page: Page, address: str
) -> None:
    await _enter(page, address)
    for name, number in NUMBERS.items():
        await _type(page, "Vorgangs- oder Antragsnummer", number)
        await page.keyboard.press("Enter")
        heading = page.get_by_role("heading", name="Verlauf des Vorgangs")
        await expect(heading, name).to_be_focused()
        await expect(page.locator(".step"), name).not_to_have_count(0)
        await expect(page.locator("#verdict"), name).to_contain_text("Einträgen hier nachgerechnet")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320, name
    assert await accessibility_problems(page) == []


async def test_a_platforms_own_reference_is_told_who_knows_the_number(page: Page, address: str) -> None:
    await _enter(page, address)
    await _type(page, "Vorgangs- oder Antragsnummer", "Bauantrag 12/7")
    await page.keyboard.press("Enter")
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("Das eigene Zeichen einer Plattform")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    assert await accessibility_problems(page) == []
