"""What a platform's developer reads at intake, in a real Chromium on a telephone."""

import pytest
from playwright.async_api import Page, Route

from tests.component.intake.conftest import in_memory
from tests.support.browser import accessibility_problems

_URL = "https://intake.example"


@pytest.mark.parametrize("path", ["/", "/api", "/problems/invalid"])
async def test_the_pages_for_developers_fit_a_telephone(page: Page, path: str) -> None:
    async with in_memory() as intake:

        async def served(route: Route) -> None:
            answer = await intake.http.get(route.request.url.removeprefix(_URL))
            await route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.content)

        await page.route(f"{_URL}/**", served)
        await page.set_viewport_size({"width": 360, "height": 740})
        await page.goto(f"{_URL}{path}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        assert await accessibility_problems(page) == []
