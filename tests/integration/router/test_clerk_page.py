"""The clerk's page in a real Chromium: a clerk works with it alone, and the server never sees what is written."""

import json
import os
from base64 import b64encode, urlsafe_b64encode
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from services.router.domain.cases.due import Due
from services.router.domain.cases.owed_case import OwedCase
from shared.crypto.key_file import protect
from shared.events import ids
from shared.events.sealed_answer import AnswerContent, AnswerNotice
from tests.support.browser import accessibility_problems, screenshot, sign_in
from tests.support.clerk import CLIENT_KEY, NOTIFIER_KEY, ClerksDoors, clerks_page, opened_part
from tests.support.events import GIESSEN
from tests.support.routing import authority_key

PASSWORD = "drei Wörter und mehr"
SECRET = "Blumenladen Wieseck"
CONTENT = {
    "betrieb": SECRET,
    "steuernummer": 9007199254740993123,
    "anschrift": {"strasse": "Marburger Straße 1", "ort": "Gießen"},
    "beginn": "2026-02-01",
    "personal": [{"art": "Vollzeit", "zahl": 2}],
    "nebenerwerb": False,
}
FIRST, SECOND, THIRD = "AW-2026-0001", "AW-2026-0002", "AW-2026-0003"


@pytest.fixture
def doors() -> ClerksDoors:
    found = ClerksDoors()
    for number in (FIRST, SECOND, THIRD):
        found.deliver(json.dumps(CONTENT).encode(), number=number)
    found.due[_case(FIRST)[0]] = Due(kind="decision-due", on=date(2026, 4, 12))
    return found


@pytest.fixture
async def address(page: Page, doors: ClerksDoors) -> AsyncIterator[str]:
    async with clerks_page(doors) as url:
        yield f"{url}/clerk/"
        await page.goto("about:blank")  # it asks again every few seconds, and nobody will answer


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "giessen.amtsweg-key"
    file.write_text(protect(authority_key(GIESSEN), password=PASSWORD, rounds=5000))
    return file


async def _sign_in(page: Page, address: str, person: str = "Erika Mustermann") -> None:
    await sign_in(page, address, person)
    await expect(page.get_by_role("heading", name="Eingang", exact=True)).to_be_visible()


async def _open(page: Page, number: str) -> None:
    await page.get_by_role("button", name=number).click()
    await expect(page.get_by_role("heading", name=f"Vorgang {number}")).to_be_focused()


async def _load_key(page: Page, file: Path, password: str = PASSWORD) -> None:
    await page.get_by_label("Schlüsseldatei", exact=True).set_input_files(file)
    await page.get_by_label("Passwort der Schlüsseldatei").fill(password)
    await page.get_by_role("button", name="Schlüssel laden").click()


async def _shot(page: Page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        await screenshot(page, Path(folder) / f"clerk-{name}.jpg")


def _answers(doors: ClerksDoors) -> dict[UUID, list[dict[str, Any]]]:
    told: dict[UUID, list[dict[str, Any]]] = {}
    for event in doors.answered:
        told.setdefault(event.case_id, []).append(json.loads(event.data.answer.to_json()))
    return told


def _case(number: str) -> tuple[UUID, UUID]:
    submission = ids.submission_id("verwaltungsportal", number)
    return ids.case_id(submission), submission


@pytest.mark.long
async def test_a_clerk_signs_in_opens_a_case_and_accepts_it(
    page: Page, address: str, doors: ClerksDoors, key_file: Path
) -> None:
    await page.goto(address)
    assert await accessibility_problems(page) == []
    await _shot(page, "entry")
    await _sign_in(page, address)
    assert await accessibility_problems(page) == []
    await expect(page.get_by_role("button", name="Neu (3)")).to_be_visible()
    await expect(page.locator("#list")).to_contain_text("12.01.2026, 10:30 MEZ")
    await page.get_by_role("button", name="Fällig (1)").click()
    await expect(page.locator("#list li")).to_have_count(1)
    await expect(page.locator("#list")).to_contain_text("Entscheidung muss bis 12.04.2026 hinausgehen")
    await _open(page, FIRST)
    await _load_key(page, key_file, "ein falsches Passwort")
    await expect(page.get_by_role("alert")).to_contain_text("Das Passwort passt nicht zu dieser Datei.")
    await _load_key(page, key_file)
    content = page.locator("#content")
    await expect(content).to_contain_text(SECRET)
    await expect(content).to_contain_text("9007199254740993123")  # beyond 2^53, and not rounded
    await expect(content).to_contain_text("Marburger Straße 1")
    assert await accessibility_problems(page) == []
    await _shot(page, "case")

    await page.get_by_role("button", name="Vorgang annehmen").dblclick()
    await expect(page.get_by_role("status")).to_contain_text("Die Antwort ist sicher angekommen.")
    await expect(page.locator("#opened .facts")).to_contain_text("angenommen")
    await expect(page.get_by_role("alert")).to_be_hidden()
    await page.reload()  # the key is forgotten, the case is still the one on the right
    await expect(page.get_by_role("heading", name=f"Vorgang {FIRST}")).to_be_focused()
    await page.go_back()
    await expect(page.get_by_role("heading", name="Eingang", exact=True)).to_be_focused()
    await expect(page.locator("#opened")).to_be_empty()
    (accepted,) = _answers(doors)[_case(FIRST)[0]]
    assert accepted["kind"] == "accepted"
    _assert_unseen(doors)


async def test_a_clerk_asks_for_information_and_decides_and_the_server_sees_none_of_it(
    page: Page, address: str, doors: ClerksDoors, key_file: Path, tmp_path: Path
) -> None:
    await _sign_in(page, address)
    await _open(page, FIRST)
    await _load_key(page, key_file)
    await expect(page.locator("#content")).to_contain_text(SECRET)
    await page.get_by_text("Unterlagen nachfordern", exact=True).click()
    await page.get_by_label("Was fehlt?").fill("Mietvertrag für den Laden\nUnterschrift auf Seite 2")
    await page.get_by_role("button", name="Nachforderung senden").click()
    await expect(page.locator("#opened .facts")).to_contain_text("Unterlagen nachgefordert")

    bescheid = tmp_path / "Bescheid.pdf"
    bescheid.write_bytes(b"%PDF-1.7 Der Blumenladen darf beginnen.")
    await page.get_by_text("Entscheiden", exact=True).click()
    await expect(page.get_by_role("status")).to_be_empty()  # what was said before covers nothing
    await page.get_by_label("bewilligt").check()
    await page.get_by_label("Aktenzeichen").fill("GE-17/2026 Blumen")
    await page.get_by_label("Bescheid anhängen").set_input_files(bescheid)
    assert await accessibility_problems(page) == []
    await _shot(page, "decide")
    await page.get_by_role("button", name="Entscheidung senden").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Das lässt sich nicht zurücknehmen.")
    assert await accessibility_problems(page) == []
    await page.get_by_role("button", name="Ja, senden").click()
    await expect(page.get_by_role("status")).to_contain_text("Der Vorgang ist damit abgeschlossen.")
    await expect(page.get_by_role("button", name="Alle (2)")).to_be_visible()

    case, submission = _case(FIRST)
    asked, decided = _answers(doors)[case]
    assert (asked["items"], decided["outcome"]) == (2, "granted")
    notice = opened_part(asked["notice"], NOTIFIER_KEY, submission=submission, purpose="notice")
    assert notice == {"missing": ["Mietvertrag für den Laden", "Unterschrift auf Seite 2"]}
    told = opened_part(decided["content"], CLIENT_KEY, submission=submission, purpose="answer")
    AnswerContent.model_validate(told)
    AnswerNotice.model_validate(notice)
    assert (told["fileNumber"], told["documents"][0]["name"]) == ("GE-17/2026 Blumen", "Bescheid.pdf")
    _assert_unseen(doors, told["documents"][0]["data"])


@pytest.mark.long
async def test_what_is_written_outlives_the_session_and_is_not_thrown_away_unasked(
    page: Page, address: str, doors: ClerksDoors, key_file: Path
) -> None:
    await _sign_in(page, address)
    await _open(page, FIRST)
    await _load_key(page, key_file)
    await page.get_by_text("Unterlagen nachfordern", exact=True).click()
    await page.get_by_label("Was fehlt?").fill("Mietvertrag für den Laden")
    await page.get_by_role("button", name=SECOND).click()
    await expect(page.get_by_role("dialog")).to_contain_text("geht verloren")
    assert await accessibility_problems(page) == []
    await page.get_by_role("button", name="Weiterschreiben").click()

    doors.now += timedelta(minutes=31)
    await page.get_by_role("button", name="Nachforderung senden").click()
    await expect(page.get_by_role("alert")).to_contain_text("Was Sie geschrieben haben, ist noch da")
    await expect(page.get_by_text(SECRET)).to_have_count(0)
    assert await accessibility_problems(page) == []
    async with page.context.expect_page() as opened:
        await page.get_by_role("link", name="Anmelden").click()
    other = await opened.value
    await other.get_by_role("link", name="Erika Mustermann").click()
    await expect(other.get_by_role("heading", name="Eingang", exact=True)).to_be_visible()
    await other.close()
    await page.evaluate("dispatchEvent(new Event('focus'))")  # as when the window comes to the front
    await page.get_by_role("button", name="Nachforderung senden").click()
    await expect(page.locator("#opened .facts")).to_contain_text("Unterlagen nachgefordert")

    ((asked,),) = _answers(doors).values()
    assert asked["items"] == 1


@pytest.mark.long
async def test_who_comes_second_is_told_how_the_case_stands(
    page: Page, address: str, doors: ClerksDoors
) -> None:
    await _sign_in(page, address)
    await _open(page, FIRST)
    doors.custody.seen.pop(_case(FIRST)[0])  # decided in another window
    await page.get_by_role("button", name="Vorgang annehmen").click()

    await expect(page.get_by_role("alert")).to_contain_text("liegt nicht mehr bei Ihrer Stelle")
    await expect(page.get_by_role("button", name="Alle (2)")).to_be_visible()
    assert doors.answered == []


def _assert_unseen(doors: ClerksDoors, *more: str) -> None:
    """Nothing that was written, and neither key nor password, crossed the wire in any usual spelling."""
    wire = b"\n".join(doors.wire)
    assert b"answerKeys" in wire  # it was listened to
    written = (SECRET, "Mietvertrag", "Unterschrift auf Seite", "GE-17/2026", "darf beginnen", PASSWORD)
    secret = (*written, authority_key(GIESSEN)["d"], *more)
    for each in secret:
        data = each.encode()
        spellings = {data, json.dumps(each).encode().strip(b'"')}
        # In base64 a text looks in one of three ways; the edges depend on its neighbours.
        for shift in range(3):
            for encoded in (b64encode(b"\0" * shift + data), urlsafe_b64encode(b"\0" * shift + data)):
                spellings.add(encoded[4:-4] if len(encoded) > 16 else encoded)
        assert not any(spelling in wire for spelling in spellings), each[:8]


@pytest.mark.long
async def test_a_clerk_reads_a_supplement_asks_for_a_file_anew_and_extends_on_any_screen(
    page: Page, address: str, doors: ClerksDoors, key_file: Path
) -> None:
    case, submission = _case(FIRST)
    doors.supplement(case, b'{"mietvertrag":"Wieseck, 12 Monate"}')
    await _sign_in(page, address)
    await _open(page, FIRST)
    await _load_key(page, key_file)
    await expect(page.locator(".supplement")).to_contain_text("Wieseck, 12 Monate")
    await expect(page.locator("#opened .facts")).to_contain_text("Unterlagen nachgereicht")
    await page.get_by_text("Eine Datei lässt sich nicht öffnen").click()
    await page.get_by_label("Was brauchen Sie stattdessen?").fill("Den Lageplan bitte neu")
    await page.get_by_text("Frist verlängern", exact=True).click()
    await page.get_by_label("Um wie viele Monate?").select_option("2")
    for width in (1280, 320):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await accessibility_problems(page) == []
        await _shot(page, f"forms-{width}")
    await page.get_by_role("button", name="Mitteilen").press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Die Antwort ist sicher angekommen.")
    await page.get_by_text("Frist verlängern", exact=True).press("Enter")
    await page.get_by_label("Um wie viele Monate?").select_option("2")
    await page.get_by_role("button", name="Verlängerung senden").press("Enter")
    await page.get_by_role("button", name="Ja, senden").press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Die Antwort ist sicher angekommen.")

    unreadable, extended = _answers(doors)[case]
    assert extended["months"] == 2
    told = opened_part(unreadable["content"], CLIENT_KEY, submission=submission, purpose="answer")
    assert told == {"text": "Den Lageplan bitte neu"}
    _assert_unseen(doors, "Wieseck, 12 Monate", "Lageplan bitte neu")


@pytest.mark.long
async def test_a_clerk_certifies_what_is_deemed_approved(
    page: Page, address: str, doors: ClerksDoors, tmp_path: Path
) -> None:
    case, submission = _case(FIRST)
    held = doors.custody.seen[case]
    assert isinstance(held, OwedCase)
    doors.stands(case, held, "deemed-approved")
    certificate = tmp_path / "Bescheinigung.pdf"
    certificate.write_bytes(b"%PDF-1.7 Gilt als bewilligt.")
    await _sign_in(page, address)
    await _open(page, FIRST)
    await page.get_by_label("Bescheinigung (bis 700 kB)").set_input_files(certificate)
    assert await accessibility_problems(page) == []
    await page.get_by_role("button", name="Bescheinigung senden").press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Die Antwort ist sicher angekommen.")

    (certified,) = _answers(doors)[case]
    told = opened_part(certified["content"], CLIENT_KEY, submission=submission, purpose="answer")
    assert (told["documents"][0]["name"], "notice" in certified) == ("Bescheinigung.pdf", False)
    _assert_unseen(doors, told["documents"][0]["data"])


@pytest.mark.long
async def test_what_is_not_ours_is_handed_on_to_an_authority_by_name_or_back_to_the_desk(
    page: Page, address: str, doors: ClerksDoors
) -> None:
    await _sign_in(page, address)
    await _open(page, SECOND)
    await page.get_by_text("Weiterleiten oder zurückgeben").click()
    await page.get_by_label("Warum ist Ihre Stelle nicht zuständig?").select_option("wrong-place")
    await page.get_by_label("Wohin?").fill("hungen")
    await page.get_by_label("g-06531008").check()
    assert await accessibility_problems(page) == []
    await _shot(page, "forward")
    await page.get_by_role("button", name="Weitergeben").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Hungen")
    await page.get_by_role("button", name="Ja, senden").click()
    await expect(page.get_by_role("button", name="Alle (2)")).to_be_visible()
    await _open(page, THIRD)
    await page.get_by_text("Weiterleiten oder zurückgeben").click()
    await page.get_by_label("Warum ist Ihre Stelle nicht zuständig?").select_option("misdirected")
    await page.get_by_role("button", name="Weitergeben").click()
    await page.get_by_role("button", name="Ja, senden").click()
    await expect(page.get_by_role("button", name="Alle (1)")).to_be_visible()
    told = _answers(doors)
    forwarded, returned = told[_case(SECOND)[0]][0], told[_case(THIRD)[0]][0]
    assert (forwarded["kind"], forwarded["forwardTo"]) == ("forwarded", "g-06531008")
    assert (returned["kind"], returned["reason"]) == ("returned", "misdirected")


@pytest.mark.long
async def test_the_page_works_by_keyboard_on_small_screens_and_in_english(
    page: Page, address: str, key_file: Path
) -> None:
    await page.set_viewport_size({"width": 320, "height": 640})  # as at 400 % zoom (WCAG 1.4.10)
    await _sign_in(page, address)
    await page.get_by_role("button", name="English").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Inbox", exact=True)).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await page.get_by_label("Search").focus()
    await page.keyboard.type(SECOND)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=f"Case {SECOND}")).to_be_focused()
    await page.get_by_label("Key file", exact=True).set_input_files(key_file)
    await page.get_by_label("Password of the key file").focus()
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("#content")).to_contain_text(SECRET)
    await expect(page.get_by_role("heading", name=f"Case {SECOND}")).to_be_focused()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    assert await accessibility_problems(page) == []
    await _shot(page, "narrow")


@pytest.mark.long
async def test_the_page_keeps_nothing_asks_nobody_else_and_reads_no_number_that_it_would_round(
    page: Page, address: str, key_file: Path
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.add_init_script(
        """globalThis.rounded = [];
        const read = Response.prototype.text;
        Response.prototype.text = async function () {
          const text = await read.call(this);
          try { JSON.parse(text, (_, value) => { if (typeof value === "number" && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) rounded.push(value); return value; }); } catch {}
          return text;
        };"""
    )
    await _sign_in(page, address)
    await _open(page, FIRST)
    await _load_key(page, key_file)
    await expect(page.locator("#content")).to_contain_text(SECRET)
    assert await page.evaluate("rounded") == []
    own = address.removesuffix("/clerk/")
    assert all(url.startswith((own, "http://127.0.0.1:")) for url in asked)
    kept = await page.evaluate(
        "async () => [document.cookie, localStorage.length, sessionStorage.length, (await indexedDB.databases()).length]"
    )
    assert kept == ["", 0, 0, 0]
    await page.get_by_role("button", name="Schlüssel vergessen").click()
    await expect(page.locator("#opened")).not_to_contain_text(SECRET)
    await page.get_by_role("button", name="Abmelden").click()
    await expect(page.get_by_role("link", name="Anmelden")).to_be_visible()
    await expect(page.locator("body")).not_to_contain_text(FIRST)


async def test_another_authoritys_clerk_sees_none_of_it_and_who_serves_none_is_told_so(
    page: Page, address: str
) -> None:
    await _sign_in(page, address, "Max Mustermann")
    await expect(page.locator("#list")).to_contain_text("Hier liegt nichts.")
    case, _ = _case(FIRST)
    refused = await page.evaluate(f"fetch('/clerk/cases/{case}').then(answer => answer.status)")
    assert refused == 404
    await page.context.clear_cookies()
    await sign_in(page, address, "Kim Niemand")
    await expect(page.get_by_role("alert")).to_contain_text("Hier nicht eingetragen")
