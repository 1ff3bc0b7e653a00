"""The map's page in a real Chromium: searched, clicked, walked through by keyboard, read by a screen reader."""

from datetime import date
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from amtsweg.directory.drawing import draw
from shared.events.competence import Inquiry
from tests.support.browser import accessibility_problems
from tests.support.routing import HESSEN

CERTIFICATES_OF_ORIGIN = "99050031012000"
HOCHHEIM, KRIFTEL = "06436006", "06436009"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("map") / "map.html"
    text = draw(HESSEN, Inquiry(service=CERTIFICATES_OF_ORIGIN, on=date(2026, 3, 1)), page=True)
    written.write_text(text, encoding="utf-8")
    return written


@pytest.fixture
async def map_page(page: Page, file: Path) -> Page:
    await page.goto(file.as_uri())
    return page


async def test_whoever_types_the_name_of_a_town_reads_who_is_competent_there(map_page: Page) -> None:
    await map_page.keyboard.press("Tab")
    await map_page.keyboard.type("hochheim")
    await expect(map_page.get_by_role("status")).to_have_text("1 Gemeinde")
    await expect(map_page.locator("#text")).to_contain_text("zuständig: IHK Wiesbaden.")
    await expect(map_page.locator("#here")).to_have_attribute("href", f"#a{HOCHHEIM}")


@pytest.mark.long
async def test_a_town_is_found_without_its_umlauts(map_page: Page) -> None:
    await map_page.get_by_label("Gemeinde, Stelle oder Schlüssel").fill("russelsheim")
    await expect(map_page.locator("#text")).to_contain_text("Rüsselsheim am Main")


@pytest.mark.long
async def test_the_list_is_walked_through_with_the_arrow_keys(map_page: Page) -> None:
    await map_page.keyboard.press("Tab")
    await map_page.keyboard.type("IHK Fulda")
    await expect(map_page.get_by_role("status")).to_have_text("23 Gemeinden")
    await map_page.keyboard.press("Tab")
    await map_page.keyboard.press("ArrowDown")
    await expect(map_page.locator("#text")).to_contain_text("IHK Fulda")


@pytest.mark.long
async def test_whoever_clicks_on_the_map_reads_the_same(map_page: Page) -> None:
    await map_page.locator(f"#a{KRIFTEL}").click()
    await expect(map_page.get_by_label("Gefundene Gemeinden")).to_have_value(KRIFTEL)
    await expect(map_page.locator("#text")).to_contain_text("IHK Frankfurt am Main")


@pytest.mark.long
async def test_whoever_points_at_an_area_sees_its_name_and_authority(map_page: Page) -> None:
    area = map_page.locator(f"#a{HOCHHEIM}")
    await area.hover()
    await expect(area.locator("title")).to_have_text("Hochheim am Main: IHK Wiesbaden")


async def test_nobody_is_shut_out(map_page: Page) -> None:
    await map_page.get_by_label("Gemeinde, Stelle oder Schlüssel").fill("hochheim")
    assert await accessibility_problems(map_page) == []


@pytest.mark.long
async def test_the_page_fits_a_narrow_screen(map_page: Page) -> None:
    await map_page.set_viewport_size({"width": 320, "height": 640})
    assert await map_page.evaluate("document.documentElement.scrollWidth") <= 320
