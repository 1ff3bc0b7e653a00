"""The server is away in the middle of a decision: the page says so, keeps what is written, and the decision is taken once."""

import json

from playwright.async_api import Page, Route, expect

from tests.support.browser import accessibility_problems, sign_in
from tests.support.clerk import ClerksDoors, clerks_page

NUMBER = "AW-2026-0001"


async def test_a_decision_whose_answer_is_lost_is_sent_again_as_the_same(page: Page) -> None:
    doors = ClerksDoors()
    doors.deliver(b"{}", number=NUMBER)
    sent: list[str] = []

    async def lost(route: Route) -> None:
        """The first arrives, and nobody hears of it."""
        sent.append(json.loads(route.request.post_data or "{}")["id"])
        if len(sent) > 1:
            await route.continue_()
            return
        await route.fetch()
        await route.abort("connectionreset")

    async with clerks_page(doors) as url:
        await page.route("**/clerk/v1/answers", lost)
        await sign_in(page, f"{url}/clerk/", "Erika Mustermann")
        await page.get_by_role("button", name=NUMBER).click()
        await page.get_by_text("Entscheiden", exact=True).click()
        await page.get_by_label("bewilligt").check()
        await page.get_by_label("Text").last.fill("Ihr Antrag ist bewilligt.")
        await page.get_by_role("button", name="Entscheidung senden").dblclick()
        await page.get_by_role("button", name="Ja, senden").dblclick()

        await expect(page.get_by_role("alert")).to_contain_text("versuchen Sie es noch einmal")
        assert await accessibility_problems(page) == []
        await page.get_by_role("button", name="Entscheidung senden").click()
        await page.get_by_role("button", name="Ja, senden").click()
        await expect(page.get_by_role("status")).to_contain_text("Die Antwort ist sicher angekommen.")
        await page.goto("about:blank")

    assert len(sent) == 2
    assert len(set(sent)) == 1
    assert len(doors.answered) == 1
