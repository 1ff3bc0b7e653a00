"""The auditors' page in a real Chromium: it finds a case, checks it itself, says what does not hold, and keeps nothing."""

import csv
import os
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from amtsweg.audit.verify import agree
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.encoding import to_base64
from services.audit.domain.keys import SignatureType, SigningKey
from services.audit.domain.merkle import consistency_proof, inclusion_proof, leaf_hash, root
from services.audit.domain.note import Note, sign
from tests.integration.audit.conftest import TOKENS, RunningLog
from tests.integration.audit.serving import served
from tests.support.audit import LOG_KEY, ORIGIN
from tests.support.audit_story import AUTHORITY, CASE, STORY, SUBMISSION
from tests.support.browser import accessibility_problems, screenshot


@pytest.fixture
async def address(running: RunningLog) -> AsyncIterator[str]:
    """The page of a log that knows one case among others."""
    await running.append(*STORY)
    await running.append_numbers(*range(300))
    await running.covered(308)
    async with served(running) as url:
        yield url


async def _enter(page: Page, address: str, *, rule: str = "", token: str = TOKENS["rechnungshof"]) -> None:
    await page.goto(address)
    await page.get_by_label("Ihr Prüfer-Token").fill(token)
    await page.get_by_label("Zweck der Einsicht").fill("Prüfung der Laufzeiten")
    await page.get_by_label("Aktenzeichen").fill("RH-2026/17")
    if rule:
        await page.get_by_text("Vertrauensregel oder Schlüssel angeben").click()
        await page.get_by_label("Vertrauensregel (tlog-policy)").fill(rule)
    await page.get_by_role("button", name="Einsicht beginnen").click()


async def _look_up(page: Page, reference: str) -> None:
    await page.get_by_label("Vorgangs- oder Antragsnummer").fill(reference)
    await page.keyboard.press("Enter")


async def _shot(page: Page, name: str) -> None:
    """With ``SCREENSHOTS=folder`` a person can look at what the tests have seen."""
    if folder := os.environ.get("SCREENSHOTS"):
        await screenshot(page, Path(folder) / f"{name}.jpg")


async def test_an_auditor_finds_a_case_and_the_page_checks_every_step(page: Page, address: str) -> None:
    await page.goto(address)
    assert await accessibility_problems(page) == []
    await _shot(page, "entry")
    await _enter(page, address, rule=LOG_KEY.verifier.to_text())
    await _look_up(page, str(SUBMISSION))
    await expect(page.get_by_role("heading", name="Verlauf des Vorgangs")).to_be_focused()
    verdict = page.locator("#verdict")
    await expect(verdict).to_contain_text("8 von 8 Einträgen hier nachgerechnet")
    await expect(verdict).to_contain_text("vom Protokoll unterschrieben (Ed25519)")
    await expect(verdict).to_contain_text("Geprüft gegen Ihre Vertrauensregel")
    steps = page.locator(".step")
    await expect(steps.filter(has_text="im Protokoll").filter(has_text="Inhalt stimmt")).to_have_count(
        len(STORY)
    )
    await expect(steps.nth(1)).to_contain_text("Ort mehrdeutig")
    await expect(page.get_by_role("img", name="Bild des Verlaufs: 8 Schritte")).to_be_visible()
    await _shot(page, "auditors-page")
    await page.get_by_text("Eintrag 7: Beweis und Inhalt").click()
    await expect(steps.nth(7).locator("pre")).to_contain_text('"outcome": "granted"')
    assert await accessibility_problems(page) == []
    await page.set_viewport_size({"width": 320, "height": 640})  # as at 400 % zoom (WCAG 1.4.10)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    await _shot(page, "narrow")


async def test_the_evidence_file_that_the_page_saves_is_the_one_that_verifies(
    page: Page, address: str, tmp_path: Path
) -> None:
    await _enter(page, address)
    await _look_up(page, CASE)
    async with page.expect_download() as saving:
        await page.get_by_role("button", name="Beweisdatei speichern").click()
    saved = tmp_path / "beweis.json"
    await (await saving.value).save_as(saved)
    rule = f"log {LOG_KEY.verifier.to_text()}\nquorum none\n"
    assert len(agree(saved.read_bytes(), policy=rule, tsa_roots=[]).bundle["entries"]) == len(STORY)


def _bend(number: int, name: str, old: str, new: str) -> Callable[[dict[str, Any]], None]:
    def bend(file: dict[str, Any]) -> None:
        file["entries"][number][name] = file["entries"][number][name].replace(old, new, 1)

    return bend


def _shorten(file: dict[str, Any]) -> None:
    for entry in file["entries"][:7]:
        entry["proof"].pop()


def _resign(file: dict[str, Any]) -> None:
    note = Note.from_bytes(file["checkpoint"].encode())
    other = sign(note.text, [SigningKey(ORIGIN, SignatureType.ED25519, b"o" * 32)], time=0)
    value = other.signatures[0].value
    forged = [
        replace(each, value=value) if len(each.value) == len(value) else each for each in note.signatures
    ]
    file["checkpoint"] = Note(note.text, tuple(forged)).to_bytes().decode()


async def test_the_page_says_what_does_not_hold(page: Page, address: str) -> None:
    forgeries = {
        "Inhalt ist ein anderer": _bend(7, "payload", "granted", "refused"),
        "Beweis führt nicht zur Wurzel": _bend(7, "entry", "CaseDecided", "CaseAccepted"),
        "Nicht alles stimmt: 7 von": _shorten,
        "keine gültige Unterschrift": _resign,
    }
    forge: Callable[[dict[str, Any]], None]

    async def answer(route: Route) -> None:
        true = await route.fetch()
        file = await true.json()
        forge(file)
        await route.fulfill(response=true, json=file)

    await page.route("**/evidence", answer)
    await _enter(page, address)
    for said, forge in forgeries.items():  # noqa: B007 - `answer` reads it
        await _look_up(page, CASE)
        await expect(page.locator("#answer .bad").get_by_text(said).first).to_be_visible()
        await expect(page.locator("#verdict.bad")).to_be_visible()


async def test_the_page_notices_a_log_that_was_altered_behind_its_back(page: Page, address: str) -> None:
    await page.clock.install()
    await _enter(page, address)
    log = page.locator("#log")
    await expect(log).to_contain_text("Seit Öffnen dieser Seite unverändert")
    other = sign(Checkpoint(ORIGIN, 308, b"x" * 32).to_text(), [LOG_KEY], time=0).to_bytes()
    await page.route("**/log/checkpoint", lambda route: route.fulfill(body=other))
    await page.clock.run_for(11_000)
    await expect(log).to_contain_text("Das Protokoll wurde verändert!")


@pytest.mark.long
async def test_the_page_shows_which_witnesses_have_cosigned(page: Page, address: str) -> None:
    first, second = (
        SigningKey(f"zeuge-{n}.example", SignatureType.COSIGNATURE, bytes([n]) * 32) for n in (1, 2)
    )
    rule = "\n".join(
        (f"log {LOG_KEY.verifier.to_text()}", f"witness w1 {first.verifier.to_text()}",
         f"witness w2 {second.verifier.to_text()}", "group beide any w1 w2", "quorum beide"),
    )  # fmt: skip

    async def cosigned(route: Route) -> None:
        note = Note.from_bytes(await (await route.fetch()).body())
        await route.fulfill(
            body=note.signed_by(sign(note.text, [first], time=1767225600).signatures).to_bytes()
        )

    await page.route("**/log/checkpoint", cosigned)
    await _enter(page, address, rule=rule)
    witnesses = page.get_by_role("listitem")
    await expect(witnesses.filter(has_text="zeuge-1.example")).to_contain_text(
        "mitgezeichnet 01.01.2026, 01:00:00 MEZ"
    )
    await expect(witnesses.filter(has_text="zeuge-2.example")).to_contain_text(
        "hat diesen Stand nicht mitgezeichnet"
    )
    await _shot(page, "witnesses")


@pytest.mark.long
async def test_entries_are_searched_and_lead_to_the_history_of_their_case(page: Page, address: str) -> None:
    await _enter(page, address)
    await page.get_by_text("Einträge suchen").click()
    await page.get_by_label("Behörde").fill(AUTHORITY)
    await page.get_by_label("Art").select_option(label="Entschieden")
    await page.get_by_role("button", name="Suchen", exact=True).click()
    await expect(page.get_by_role("table")).to_contain_text("21.01.2026, 10:30:00 MEZ")
    assert await accessibility_problems(page) == []
    await _shot(page, "search")
    await page.get_by_role("button", name="Verlauf zu Eintrag 7").click()
    await expect(page.locator(".step")).to_have_count(len(STORY))
    await expect(page.locator("#verdict")).to_contain_text("die das Protokoll selbst nennt")


@pytest.mark.long
async def test_a_name_that_fits_several_is_offered_for_choice_and_none_says_what_was_searched(
    page: Page, address: str
) -> None:
    await _enter(page, address)
    await page.get_by_text("Einträge suchen").click()
    await page.get_by_label("Behörde").fill("Gießen")
    await page.get_by_role("button", name="Suchen", exact=True).click()
    await expect(page.get_by_role("heading", name="Behörde „Gießen“ passt mehrfach")).to_be_focused()
    assert await accessibility_problems(page) == []
    await page.get_by_role("button", name=AUTHORITY).click()
    table = page.get_by_role("table")
    await expect(table).to_contain_text("Magistrat der Stadt Gießen (g-06531005)")
    await expect(table).to_contain_text("100 von 304 gezeigt")
    await page.get_by_label("Behörde").fill("Atlantis")
    await page.get_by_role("button", name="Suchen", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("Gesucht wurde in Namen, Sitz und Kennung")


@pytest.mark.long
async def test_a_result_is_saved_whole_as_a_table(page: Page, address: str, tmp_path: Path) -> None:
    await _enter(page, address)
    await page.get_by_text("Einträge suchen").click()
    await page.get_by_label("Behörde").fill(AUTHORITY)
    await page.get_by_label("ohne Einsichten").check()
    await page.get_by_role("button", name="Suchen", exact=True).click()
    async with page.expect_download() as saving:
        await page.get_by_role("button", name="Ergebnis als Tabelle").click()
    await (await saving.value).save_as(tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    assert rows[0][:4] == ["Nr.", "Zeit (UTC)", "Ortszeit", "Art"]
    assert len(rows) == 1 + 304
    [decided] = [row for row in rows if row[4] == "CaseDecided"]
    assert decided[1:3] == ["2026-01-21T09:30:00.000Z", "21.01.2026, 10:30:00 MEZ"]
    assert decided[5:7] == [AUTHORITY, "Magistrat der Stadt Gießen"]


@pytest.mark.long
async def test_a_history_is_filtered_and_printed_as_a_report(
    page: Page, address: str, running: RunningLog
) -> None:
    await _enter(page, address)
    await _look_up(page, str(SUBMISSION))
    await expect(page.locator(".step")).to_have_count(len(STORY))
    await running.covered(309)  # the look itself stands in the next checkpoint
    await _look_up(page, str(SUBMISSION))
    await expect(page.locator(".step")).to_have_count(len(STORY) + 1)
    await page.get_by_label("ohne Einsichten").last.check()
    await expect(page.locator(".step")).to_have_count(len(STORY))
    await page.get_by_label("Nur diese Art").select_option(label="Entschieden")
    await expect(page.locator(".step")).to_have_count(1)
    await page.evaluate(
        "window.print = () => { window.printed = [document.title, document.querySelectorAll('.step details[open]').length]; }"
    )
    await page.get_by_role("button", name="Bericht drucken").click()
    assert await page.evaluate("window.printed") == [f"Amtsweg {SUBMISSION}", 1]
    await page.emulate_media(media="print")
    head = page.locator(".paper")
    await expect(head).to_be_visible()
    for told in (str(SUBMISSION), "Prüfung der Laufzeiten", "RH-2026/17"):
        await expect(head).to_contain_text(told)
    await expect(page.get_by_role("heading", name="Vorgang suchen")).to_be_hidden()
    await page.emulate_media(media="screen")


@pytest.mark.long
async def test_the_picture_is_readable_at_every_width(page: Page, address: str) -> None:
    await _enter(page, address)
    await _look_up(page, str(SUBMISSION))
    picture = page.locator(".picture svg")
    fits = """() => [document.querySelector(".picture")].every(box =>
        box.scrollWidth <= box.clientWidth && box.firstChild.getBoundingClientRect().right <= innerWidth)"""
    smallest = "svg => Math.min(...[...svg.querySelectorAll('text')].map(each => parseFloat(getComputedStyle(each).fontSize)))"
    for width in (1280, 768, 480, 320):
        await page.set_viewport_size({"width": width, "height": 800})
        await expect(picture).to_be_visible()
        await expect(picture.locator("circle")).to_have_count(len(STORY))
        await page.wait_for_function(fits)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await picture.evaluate(smallest) >= 11


@pytest.mark.long
async def test_completeness_stands_on_the_page(page: Page, address: str) -> None:
    await _enter(page, address)
    await page.get_by_text("Vollständigkeit: was hätte folgen müssen").click()
    await page.get_by_role("button", name="Auskunft").click()
    await expect(page.get_by_role("heading", name="Vollständigkeit jetzt")).to_be_focused()
    await expect(page.get_by_role("table")).to_contain_text(
        "Jede Antwort einer Behörde wirkt oder wird abgelehnt."
    )
    assert await accessibility_problems(page) == []


@pytest.mark.long
async def test_the_page_is_used_with_the_keyboard_alone_and_in_english(page: Page, address: str) -> None:
    await page.goto(address)
    for key in ("Tab", "Tab", "Enter"):  # past the link to the content, to the switch of language
        await page.keyboard.press(key)
    await expect(page.get_by_role("heading", name="Inspect the log")).to_be_visible()
    await page.keyboard.press("Tab")
    for text in (TOKENS["rechnungshof"], "review of durations", "RH-2026/17"):
        await page.keyboard.type(text)
        await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Case or submission number")).to_be_focused()
    await page.keyboard.type(str(SUBMISSION))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="History of the case")).to_be_focused()
    await expect(page.locator("#verdict")).to_contain_text("8 of 8 entries checked here")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    assert await accessibility_problems(page) == []


@pytest.mark.parametrize("ends", ["a reload", "half an hour without a sign of life"])
async def test_the_token_stays_in_memory_and_is_forgotten(page: Page, address: str, ends: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.clock.install()
    await _enter(page, address)
    await _look_up(page, CASE)
    await expect(page.locator(".step").first).to_be_visible()
    kept = await page.evaluate(
        "async () => [location.href, document.cookie, localStorage.length, sessionStorage.length, (await indexedDB.databases()).length]"
    )
    assert kept == [f"{address}/", "", 0, 0, 0]
    assert all(url.startswith(address) and TOKENS["rechnungshof"] not in url for url in asked)
    await (page.reload() if ends == "a reload" else page.clock.fast_forward("31:00"))
    await expect(page.locator("#token:visible")).to_have_value("")
    await expect(page.locator("#room, .step")).to_be_hidden()


async def test_who_may_not_look_is_told_so(page: Page, address: str) -> None:
    await _enter(page, address, rule="neither policy nor key")
    await expect(page.get_by_role("alert")).to_contain_text("Die Vertrauensregel ist nicht lesbar")
    await _enter(page, address, token="of-an-authority")
    await expect(page.get_by_role("alert")).to_contain_text("Kein Zugang")
    await expect(page.locator("#room")).to_be_hidden()


@pytest.mark.long
async def test_a_browser_without_ed25519_is_told_what_was_not_checked(page: Page, address: str) -> None:
    await page.add_init_script(
        """const known = crypto.subtle.importKey.bind(crypto.subtle);
        crypto.subtle.importKey = async (format, bytes, kind, ...rest) => {
          if (kind === "Ed25519") throw new DOMException("unknown", "NotSupportedError");
          return known(format, bytes, kind, ...rest);
        };"""
    )
    await _enter(page, address)
    await _look_up(page, CASE)
    await expect(page.locator("#verdict")).to_contain_text("8 von 8 Einträgen hier nachgerechnet")
    await expect(page.locator("#verdict")).to_contain_text("dieser Browser kennt kein Ed25519")


@pytest.mark.long
async def test_the_page_knows_the_same_trees_as_the_log(page: Page, address: str) -> None:
    hashes = [leaf_hash(b"%d" % n) for n in range(40)]

    def subtree(height: int, index: int) -> bytes:
        return root(hashes[index << height : (index + 1) << height])

    def texts(values: Iterable[bytes]) -> list[str]:
        return [to_base64(value) for value in values]

    roots = texts(root(hashes[:size]) for size in range(41))
    pairs = [(i, n) for n in range(1, 41) for i in range(n)]
    inclusions = [[to_base64(hashes[i]), i, n, texts(inclusion_proof(i, n, subtree))] for i, n in pairs]
    growths = [[i + 1, n, texts(consistency_proof(i + 1, n, subtree))] for i, n in pairs]
    await page.goto(address)
    wrong = await page.evaluate(
        """async ([roots, inclusions, growths]) => {
          const { inclusionRoot, extendsTree, fromBase64 } = await import("/page/proof.js");
          const wrong = [], same = (a, b) => a.join() === b.join();
          const bent = proof => proof.map((hash, i) => i ? hash : hash.with(0, hash[0] ^ 1));
          for (const [leaf, index, size, texts] of inclusions) {
            const proof = texts.map(fromBase64), top = fromBase64(roots[size]);
            if (!same(await inclusionRoot(fromBase64(leaf), index, size, proof), top)) wrong.push(["refused", index, size]);
            if (proof.length && same(await inclusionRoot(fromBase64(leaf), index, size, bent(proof)), top)) wrong.push(["accepted", index, size]);
          }
          const at = size => ({ size, root: fromBase64(roots[size]) });
          for (const [old, size, texts] of growths) {
            const proof = texts.map(fromBase64);
            if (!await extendsTree(at(old), at(size), proof)) wrong.push(["not grown", old, size]);
            if (proof.length && await extendsTree(at(old), at(size), bent(proof))) wrong.push(["grown", old, size]);
          }
          return wrong;
        }""",
        [roots, inclusions, growths],
    )
    assert wrong == []


async def test_the_page_admits_no_foreign_script_and_no_other_origin(running: RunningLog) -> None:
    for path in ("/", "/page/app.js", "/verify.py"):
        answer = await running.client.get(path)
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
    assert (await running.client.get("/page/../verify.py")).status_code in {200, 404}
    assert (await running.client.get("/page/elsewhere.js")).status_code == 404
