"""What an applicant may write, however long and in whatever script, is shown whole on a small screen."""

import json
from pathlib import Path

from playwright.async_api import Page, expect

from shared.crypto.key_file import protect
from tests.support.browser import accessibility_problems, sign_in
from tests.support.clerk import ClerksDoors, clerks_page
from tests.support.events import GIESSEN
from tests.support.routing import authority_key

NUMBER, PASSWORD = "AW-2026-0001", "drei Wörter und mehr"
HEBREW, LONG = "שרה כהן", "Donaudampfschifffahrt" * 10
CONTENT = {
    "name": HEBREW,
    "betrieb": LONG[:200],
    "anlagen": [{"name": f"{'Anlage' * 20}-{number}.pdf", "groesse": number} for number in range(50)],
}


async def test_names_of_any_script_and_length_and_many_attachments_fit(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "giessen.amtsweg-key"
    file.write_text(protect(authority_key(GIESSEN), password=PASSWORD, rounds=5000))
    doors = ClerksDoors()
    doors.deliver(json.dumps(CONTENT).encode(), number=NUMBER)
    async with clerks_page(doors) as url:
        await page.set_viewport_size({"width": 320, "height": 640})
        await sign_in(page, f"{url}/clerk/", "Erika Mustermann")
        await page.get_by_role("button", name=NUMBER).click()
        await page.get_by_label("Schlüsseldatei", exact=True).set_input_files(file)
        await page.get_by_label("Passwort der Schlüsseldatei").fill(PASSWORD)
        await page.get_by_role("button", name="Schlüssel laden").click()

        for shown in (HEBREW, LONG[:200], "Anlage-49.pdf"):
            await expect(page.locator("#content")).to_contain_text(shown)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
        assert await accessibility_problems(page) == []
        await page.goto("about:blank")
