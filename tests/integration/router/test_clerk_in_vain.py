"""A clerk whose answer came too late reads at once, and for some days in the list, that it had no effect."""

from dataclasses import dataclass

from playwright.async_api import Page, expect

from shared.events.case import CaseAnswered
from shared.events.envelope import Message
from tests.support.browser import accessibility_problems, sign_in
from tests.support.clerk import ClerksDoors, clerks_page
from tests.support.doors import in_vain
from tests.support.events import GIESSEN
from tests.support.routing import event_of

NUMBER = "AW-2026-0001"


@dataclass
class WithdrawnMeanwhile(ClerksDoors):
    """The application is withdrawn between the door's 202 and the router."""

    async def publish(self, message: Message) -> None:
        await super().publish(message)
        event = event_of(message)
        assert isinstance(event.data, CaseAnswered)
        self.vain[GIESSEN] = [in_vain(event.case_id, own_id=event.data.own_id, at=self.now)]


async def test_a_decision_that_came_too_late_is_told_as_one_and_stays_in_the_list(page: Page) -> None:
    doors = WithdrawnMeanwhile()
    doors.deliver(b"{}", number=NUMBER)
    async with clerks_page(doors) as url:
        await sign_in(page, f"{url}/clerk/", "Erika Mustermann")
        await page.get_by_role("button", name=NUMBER).click()
        await page.get_by_text("Entscheiden", exact=True).click()
        await page.get_by_label("bewilligt").check()
        await page.get_by_role("button", name="Entscheidung senden").click()
        await page.get_by_role("button", name="Ja, senden").click()

        why = "Ihre Entscheidung hatte keine Wirkung: der Antrag war schon zurückgenommen."
        await expect(page.get_by_role("alert")).to_have_text(why)
        await expect(page.get_by_text("Die Antwort ist sicher angekommen")).to_have_count(0)
        await page.get_by_text("Ohne Wirkung in den letzten 14 Tagen (1)").click()
        await expect(page.locator("#vain li")).to_contain_text(NUMBER)
        await expect(page.locator("#vain li")).to_contain_text(why)
        assert await accessibility_problems(page) == []
        await page.goto("about:blank")
