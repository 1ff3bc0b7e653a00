"""The console in a real Chromium: a person clears what is parked, an operator finds, replays and closes; each by their right."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from services.router.domain.cases.due import Due
from services.router.domain.cases.process import AilingPart, Backlog, ProcessReport
from shared.engine.failure_policy import DeadLetterLimit
from shared.events.case import AssignOrdered
from shared.events.competence import Place
from shared.events.operation import CloseOrdered, GoOnOrdered, ReplayOrdered
from tests.support.browser import accessibility_problems, screenshot, sign_in, tab_to
from tests.support.console import ConsoleGround, console
from tests.support.events import RECEIPT, RECEIVED_AT
from tests.support.routing import RouterInMemory, event_of, submission

MARBURG = "g-06534014"


@pytest.fixture
async def ground(tmp_path: Path) -> ConsoleGround:
    found = ConsoleGround(RouterInMemory(tmp_path))
    await found.park("antrag-1")
    found.router.take(
        submission("antrag-2", receipt=RECEIPT.model_copy(update={"receipt_number": "AW-2026-0002"}))
    )
    await found.follow()
    for own_id in ("a-1", "a-2"):
        await found.answer(submission("antrag-2"), "accepted", authority="g-06531005", own_id=own_id)
    found.lay_aside("router:17")
    found.lay_aside("audit:17")
    found.suspended[MARBURG] = RECEIVED_AT
    case = next(case for case, each in found.everything().items() if each.standing == "accepted")
    found.due[case] = Due(kind="decision-due", on=date(2026, 4, 10))
    stopped = AilingPart(
        name="router",
        standing="unready",
        reason=DeadLetterLimit().after([True] * 20).reached or "",
    )
    reopened = AilingPart(name="notifier", standing="unready", reason="unit 3: failed, and is being reopened")
    unmeasured = AilingPart(name="lag", standing="degraded", reason="the lag cannot be measured")
    backlog = Backlog(group="router", topic="submission.received.v1", records=1700)
    found.processes = [
        ProcessReport(name="router", standing="unready", ailing=[stopped], backlogs=[backlog]),
        ProcessReport(name="audit", standing="unreachable"),
        ProcessReport(name="notifier", standing="unready", ailing=[reopened, unmeasured]),
    ]
    return found


@pytest.fixture
async def address(page: Page, ground: ConsoleGround) -> AsyncIterator[str]:
    async with console(ground) as url:
        yield f"{url}/console/"
        await page.goto("about:blank")  # it asks again every few seconds, and nobody will answer


async def _sign_in(page: Page, address: str, person: str) -> None:
    await sign_in(page, address, person)
    await expect(page.get_by_role("heading", name="Auf einen Blick")).to_be_visible()


async def _shot(page: Page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        await screenshot(page, Path(folder) / f"console-{name}.jpg")


async def test_a_person_of_the_desk_assigns_what_is_parked_with_a_reason(
    page: Page, address: str, ground: ConsoleGround
) -> None:
    await _sign_in(page, address, "Robin Klar")
    await expect(page.locator("#parked")).to_contain_text("Ort außerhalb des Landes")
    await expect(page.locator("#letters")).to_be_hidden()
    await page.get_by_label("Andere Stelle suchen").fill("marburg")
    await page.get_by_label(MARBURG).check()
    await page.get_by_label("Begründung").fill("Betriebsstätte liegt in Marburg")
    assert await accessibility_problems(page) == []
    await expect(page.locator("#processes")).to_contain_text("Noch zu lesen: 1.700.")
    await expect(page.get_by_role("button", name="Weitermachen lassen")).to_have_count(0)
    await _shot(page, "parked")
    await page.get_by_role("button", name="Zuweisen").click()
    await expect(page.get_by_role("status")).to_contain_text("Zugewiesen an")
    await expect(page.locator("#parked")).to_contain_text("Nichts wartet auf Klärung.")
    (order,) = (event_of(each).data for each in ground.ordered)
    assert isinstance(order, AssignOrdered)
    assert (order.authority, order.assignment.principal) == (MARBURG, "klaerung-1")
    await page.get_by_label("Eingangs-, Antrags- oder Vorgangsnummer").fill(RECEIPT.receipt_number)
    await page.keyboard.press("Enter")
    await expect(page.locator("#history")).to_contain_text(
        "Begründung von klaerung-1: Betriebsstätte liegt in Marburg"
    )
    await page.context.clear_cookies()
    await _sign_in(page, address, "Toni Betrieb")
    await _a_proposal_for_the_directory_is_previewed(page)


async def _a_proposal_for_the_directory_is_previewed(page: Page) -> None:
    proposals = page.locator("#proposals")
    await expect(proposals).to_contain_text("1-mal zugewiesen an Magistrat der Stadt Marburg")
    await proposals.get_by_role("button", name="Vorschau").click()
    await expect(proposals).to_contain_text("postcodes.csv")
    draft = await proposals.get_by_text("amtsweg directory preview").inner_text()
    assert re.fullmatch("amtsweg directory preview [0-9a-f]{8}", draft)  # the draft says its version itself
    await expect(proposals).to_contain_text(f"{draft.replace('preview', 'apply')} --effective-from")
    await expect(proposals).to_contain_text("Betriebsstätte liegt in Marburg")
    await expect(proposals.get_by_role("button", name="Vorschau schließen")).to_be_focused()
    assert await accessibility_problems(page) == []
    await proposals.get_by_role("button", name="Vorgang zeigen").click()
    await expect(page.locator("#found-title")).to_be_focused()
    await _shot(page, "proposals")


@pytest.mark.long
async def test_the_candidates_are_shown_on_a_map_that_is_our_own(
    page: Page, address: str, ground: ConsoleGround
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    other = RECEIPT.model_copy(update={"receipt_number": "AW-2026-0004"})
    ground.router.take(submission("antrag-4", place=Place(plz="35460"), receipt=other))
    await ground.follow()
    await _sign_in(page, address, "Robin Klar")
    case = page.locator("#parked li[data-case]").filter(has=page.get_by_text("Karte der möglichen Stellen"))
    await case.get_by_text("Karte der möglichen Stellen").click()
    await expect(case.locator("svg.sheet path.choice").first).to_be_visible()
    assert await accessibility_problems(page) == []
    await _shot(page, "map")
    await case.locator("svg.sheet path.choice").first.dispatch_event("click")
    await expect(case.locator("[type=radio]:checked")).to_have_count(1)
    own = address.removesuffix("/console/")
    assert {url for url in asked if not url.startswith((own, "http://127.0.0.1:"))} == set()


async def _a_refused_answer_is_found_explained_and_its_case_opened_by_keyboard(page: Page) -> None:
    refusals = page.locator("#refusals-list")
    await expect(refusals).to_contain_text("der Vorgang war schon angenommen")
    await expect(refusals).to_contain_text("Wie weiter: Nichts zu tun: Die Stelle hatte schon angenommen.")
    await tab_to(page, refusals.get_by_role("button", name="Vorgang zeigen"))
    await page.keyboard.press("Enter")
    await expect(page.locator("#found-title")).to_be_focused()
    history = page.locator("#history li")
    await expect(history).to_have_count(4)
    await expect(history.first).to_contain_text("Eingegangen")
    await expect(history.last).to_contain_text("ohne Wirkung")
    await expect(history.last).to_contain_text("12.01.2026, 10:31 MEZ")
    await expect(page.locator("#next")).to_contain_text("Die Stelle entscheidet.")
    await expect(page.locator("#next")).to_contain_text("Entscheidung fällig bis 10.04.2026")
    await page.get_by_role("button", name="English").click()
    await expect(history.last).to_contain_text("An answer by the authority had no effect")
    await page.get_by_role("button", name="Deutsch").click()
    assert await accessibility_problems(page) == []


async def _the_next_step_is_named_and_no_figure_that_nobody_measures(page: Page) -> None:
    await expect(page.locator("#found")).to_contain_text("amtsweg case AW-2026-0002")
    notifier = page.locator("#processes li").filter(has=page.get_by_role("heading", name="notifier"))
    await expect(notifier).to_contain_text("Wie viel noch zu lesen ist, lässt sich gerade nicht messen.")
    await expect(notifier).not_to_contain_text("Alles ist gelesen")
    await expect(notifier.get_by_role("button")).to_have_count(0)  # nothing that an order would help


async def test_an_operator_finds_a_case_and_replays_and_closes_a_dead_letter(
    page: Page, address: str, ground: ConsoleGround
) -> None:
    await page.goto(address)
    assert await accessibility_problems(page) == []
    await _sign_in(page, address, "Toni Betrieb")
    await expect(page.locator("#parked")).to_be_hidden()
    await expect(page.locator("#glance")).to_contain_text("Magistrat der Stadt Marburg")
    await _a_refused_answer_is_found_explained_and_its_case_opened_by_keyboard(page)
    await page.get_by_label("Eingangs-, Antrags- oder Vorgangsnummer").fill("AW-2026-0002")
    await page.keyboard.press("Enter")
    await expect(page.locator("#found")).to_contain_text("12.01.2026, 10:30 MEZ")
    await expect(page.locator("#found")).to_contain_text("Magistrat der Stadt Gießen (g-06531005)")
    assert await accessibility_problems(page) == []
    await _a_deadline_leads_to_its_case(page)
    await expect(page.locator("#processes")).to_contain_text("Grund: 20 Datensätze in Folge")
    await expect(page.locator("#processes")).to_contain_text(
        "Verarbeitung der Ereignisse: wartet. Angenommene Anträge warten und werden nicht zugestellt"
    )
    await _the_next_step_is_named_and_no_figure_that_nobody_measures(page)
    await _shot(page, "operator")
    await _one_record_of_two_services_is_one_incident(page)
    await _a_group_goes_on(page)
    await page.get_by_role("button", name="Noch einmal versuchen").click()
    await expect(page.get_by_role("alert")).to_contain_text("wieder gescheitert")
    await page.get_by_label("Warum aufgeben?").select_option("beyond-repair")
    await page.get_by_role("button", name="Aufgeben", exact=True).click()
    await page.get_by_role("button", name="Ja, aufgeben").click()
    await expect(page.locator("#letters")).to_contain_text("keine unerledigten")
    _each_order_is_given_for_both(ground)
    await _an_authority_is_suspended_and_another_let_in(page, ground)
    await page.set_viewport_size({"width": 320, "height": 640})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    await _shot(page, "narrow")


def _each_order_is_given_for_both(ground: ConsoleGround) -> None:
    went_on, replayed, replayed_too, closed, closed_too = ground.orders
    assert went_on == GoOnOrdered(group="router", principal="betrieb-1")
    assert isinstance(replayed, ReplayOrdered)
    assert isinstance(closed, CloseOrdered)
    assert (replayed.group, closed.group) == ("audit", "audit")
    assert (replayed_too, closed_too) == tuple(
        each.model_copy(update={"group": "router"}) for each in (replayed, closed)
    )
    assert (replayed.principal, closed.principal) == ("betrieb-1", "betrieb-1")
    assert closed.reason == "beyond-repair"


async def _one_record_of_two_services_is_one_incident(page: Page) -> None:
    await expect(page.locator("#letters-list li")).to_have_count(1)
    await expect(page.locator("#letters")).to_contain_text("Ein Datensatz, 2 Dienste")
    await expect(page.locator("#letters")).to_contain_text("Wie weiter: Ein zweiter Versuch hilft nur, wenn")


async def _a_deadline_leads_to_its_case(page: Page) -> None:
    glance = page.locator("#glance")
    await expect(glance).to_contain_text("Entscheidung fällig bis 10.04.2026")
    await tab_to(page, glance.get_by_role("button", name="Vorgang zeigen"))
    await page.keyboard.press("Enter")
    await expect(page.locator("#found-title")).to_have_text("AW-2026-0002")
    await expect(page.locator("#found-title")).to_be_focused()


async def _a_group_goes_on(page: Page) -> None:
    await page.get_by_role("button", name="Weitermachen lassen").click()
    await page.get_by_role("button", name="Ja, weitermachen").click()
    await expect(page.get_by_role("status")).to_contain_text("router macht weiter.")


async def _an_authority_is_suspended_and_another_let_in(page: Page, ground: ConsoleGround) -> None:
    access = page.locator("#access")
    await access.get_by_role("button", name="Wieder öffnen").click()
    await page.get_by_role("button", name="Ja, öffnen").click()
    await expect(page.get_by_role("status")).to_contain_text("ist wieder offen")
    await page.get_by_label("Stelle suchen, um sie zu sperren").fill("g-06531005")
    await access.get_by_role("button", name="Suchen").click()
    await access.get_by_role("button", name="(g-06531005) sperren").click()
    await page.get_by_role("button", name="Ja, sperren").click()
    await expect(page.get_by_role("status")).to_contain_text("ist gesperrt")
    await expect(access.get_by_role("button", name="Wieder öffnen")).to_have_count(1, timeout=20_000)
    assert [type(order).__name__ for order in ground.access] == ["ResumeOrdered", "SuspendOrdered"]


@pytest.mark.long
async def test_a_history_that_comes_late_is_shown_under_no_other_case(page: Page, address: str) -> None:
    asked, let = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        if asked.is_set():
            await route.continue_()
            return
        asked.set()
        await let.wait()
        await route.continue_()

    await _sign_in(page, address, "Toni Betrieb")
    await page.route("**/console/histories/*", late)
    number = page.get_by_label("Eingangs-, Antrags- oder Vorgangsnummer")
    await number.fill("AW-2026-0002")
    await page.keyboard.press("Enter")
    await asked.wait()
    await number.fill(RECEIPT.receipt_number)
    await page.keyboard.press("Enter")
    await expect(page.locator("#history")).to_contain_text("In Klärung")
    async with page.expect_response("**/console/histories/*"):
        let.set()
    await expect(page.locator("#found-title")).to_have_text(RECEIPT.receipt_number)
    await expect(page.locator("#history")).not_to_contain_text("ohne Wirkung")


@pytest.mark.long
async def test_a_right_that_a_person_has_not_opens_nothing(page: Page, address: str) -> None:
    await _sign_in(page, address, "Robin Klar")
    for path in ("letters", "v1/parked"):
        status = await page.evaluate(f"fetch('/console/{path}').then(answer => answer.status)")
        assert status == (403 if path == "letters" else 200)
    await page.context.clear_cookies()
    await sign_in(page, address, "Erika Mustermann")
    await expect(page.get_by_role("alert")).to_contain_text("Hier nicht eingetragen")


@pytest.mark.long
async def test_what_changes_shows_without_a_reload(page: Page, address: str, ground: ConsoleGround) -> None:
    await _sign_in(page, address, "Robin Klar")
    await expect(page.locator("#parked li")).to_have_count(1)
    await ground.park("antrag-3")
    await expect(page.locator("#parked li")).to_have_count(2, timeout=20_000)
