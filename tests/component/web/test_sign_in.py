"""Signing in with OpenID Connect: who gets a session, what its cookie is, what ends it, what no foreign page can do."""

from datetime import timedelta

import httpx
import pytest

from shared.web.sign_in.sessions import MOST_OF_ONE
from tests.support.sign_in import PAGE, SignInBrowser, SignInGround, sign_in_browser

SESSION = "__Host-amtsweg-doors-session"


def _kind(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rpartition(":")[2]


async def _csrf(browser: SignInBrowser) -> dict[str, str]:
    told = (await browser.page.get(f"{PAGE}/session")).json()
    return {"Amtsweg-Csrf": told["csrf"]}


async def test_a_person_signs_in_and_acts_for_their_authorities() -> None:
    async with sign_in_browser(SignInGround()) as browser:
        answer = await browser.sign_in()
        assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}/")
        told = (await browser.page.get(f"{PAGE}/session")).json()
        assert (told["person"], told["authorities"]) == ("sachbearbeitung-1", ["g-06531005"])
        acted = await browser.page.post(f"{PAGE}/act", headers=await _csrf(browser))
        assert acted.json() == "sachbearbeitung-1"


async def test_the_issuer_is_asked_with_pkce_state_and_nonce() -> None:
    async with sign_in_browser(SignInGround()) as browser:
        first, second = await browser.to_issuer(), await browser.to_issuer()
        assert (first["response_type"], first["code_challenge_method"]) == ("code", "S256")
        for name in ("state", "nonce", "code_challenge"):
            assert len(first[name]) >= 43
            assert first[name] != second[name]


async def test_cookies_are_for_this_host_over_tls_alone() -> None:
    async with sign_in_browser(SignInGround()) as browser:
        asked = await browser.page.get(f"{PAGE}/sign-in")
        answer = await browser.sign_in()
        for given, name, same_site in ((asked, "attempt", "lax"), (answer, "session", "strict")):
            cookie = next(each for each in given.headers.get_list("set-cookie") if f"-{name}=" in each)
            assert cookie.startswith(f"__Host-amtsweg-doors-{name}=")
            attributes = {each.strip().lower() for each in cookie.split(";")[1:]}
            assert attributes >= {"secure", "httponly", "path=/", f"samesite={same_site}"}
            assert not any(each.startswith("domain") for each in attributes)


async def test_without_tls_on_loopback_the_cookie_has_no_prefix_that_no_browser_would_take() -> None:
    async with sign_in_browser(SignInGround(url="http://127.0.0.1:8082")) as browser:
        answer = await browser.sign_in()
        cookie = next(each for each in answer.headers.get_list("set-cookie") if "-session=" in each)
        assert cookie.startswith("amtsweg-doors-session=")
        assert "secure" not in cookie.lower()


@pytest.mark.parametrize("bend", ["state", "code", "iss"])
async def test_a_bent_answer_of_the_issuer_opens_nothing(bend: str) -> None:
    async with sign_in_browser(SignInGround()) as browser:
        back = httpx.URL(await browser.chosen(await browser.to_issuer()))
        answer = await browser.page.get(back.copy_set_param(bend, "x"))
        assert answer.headers["location"] == f"{PAGE}/#refused"
        assert (await browser.page.get(f"{PAGE}/session")).status_code == 401


async def test_the_answer_to_another_browsers_sign_in_opens_nothing() -> None:
    ground = SignInGround()
    async with sign_in_browser(ground) as attacker:
        back = await attacker.chosen(await attacker.to_issuer())
        victim = httpx.AsyncClient(transport=attacker.page._transport, base_url=ground.url)
        assert (await victim.get(back)).headers["location"] == f"{PAGE}/#refused"
        assert SESSION not in victim.cookies


async def test_a_code_opens_one_session() -> None:
    async with sign_in_browser(SignInGround()) as browser:
        asked = await browser.to_issuer()
        attempt = dict(browser.page.cookies)
        back = await browser.chosen(asked)
        await browser.page.get(back)
        browser.page.cookies.clear()
        browser.page.cookies.update(attempt)
        assert (await browser.page.get(back)).headers["location"] == f"{PAGE}/#refused"


async def test_an_id_token_for_another_sign_in_opens_nothing() -> None:
    async with sign_in_browser(SignInGround()) as browser:
        asked = await browser.to_issuer()
        answer = await browser.page.get(await browser.chosen(asked | {"nonce": "another"}))
        assert answer.headers["location"] == f"{PAGE}/#refused"


async def test_a_code_without_its_verifier_opens_nothing() -> None:
    async with sign_in_browser(SignInGround()) as browser:
        asked = await browser.to_issuer()
        answer = await browser.page.get(await browser.chosen(asked | {"code_challenge": "x" * 43}))
        assert answer.headers["location"] == f"{PAGE}/#refused"


async def test_a_foreign_page_changes_nothing() -> None:
    async with sign_in_browser(SignInGround()) as browser:
        await browser.sign_in()
        right = await _csrf(browser)
        for headers in ({}, {"Amtsweg-Csrf": "x"}, {**right, "Sec-Fetch-Site": "cross-site"}):
            answer = await browser.page.post(f"{PAGE}/act", headers=headers)
            assert (answer.status_code, _kind(answer)) == (403, "foreign-page")
        assert (await browser.page.post(f"{PAGE}/act", headers=right)).status_code == 200


@pytest.mark.parametrize(("idle", "steps"), [(timedelta(minutes=30), 1), (timedelta(minutes=29), 21)])
async def test_a_session_ends_when_it_rests_and_in_any_case(idle: timedelta, steps: int) -> None:
    ground = SignInGround()
    async with sign_in_browser(ground) as browser:
        await browser.sign_in()
        for _ in range(steps - 1):
            ground.now += idle
            if (await browser.page.get(f"{PAGE}/session")).status_code == 401:
                break
        else:
            ground.now += idle
        answer = await browser.page.get(f"{PAGE}/session")
        assert (answer.status_code, _kind(answer)) == (401, "not-signed-in")


async def test_what_a_page_asks_by_itself_keeps_no_session_open() -> None:
    ground = SignInGround()
    async with sign_in_browser(ground) as browser:
        await browser.sign_in()
        for _ in range(2):
            assert (
                await browser.page.get(f"{PAGE}/session", headers={"Amtsweg-Idle": "1"})
            ).status_code == 200
            ground.now += timedelta(minutes=15)
        answer = await browser.page.get(f"{PAGE}/session", headers={"Amtsweg-Idle": "1"})
        assert (answer.status_code, _kind(answer)) == (401, "not-signed-in")


async def test_signing_out_works_while_the_issuer_is_away() -> None:
    ground = SignInGround()
    async with sign_in_browser(ground) as browser:
        await browser.sign_in()
        for _ in range(3):  # what is known of the issuer is an hour old, and would be read again
            ground.now += timedelta(minutes=25)
            await browser.page.get(f"{PAGE}/session")
        ground.issuer_away = True
        answer = await browser.page.post(f"{PAGE}/sign-out", headers=await _csrf(browser))
        assert (answer.status_code, answer.json()) == (200, {"next": f"{PAGE}/"})
        assert SESSION not in browser.page.cookies


@pytest.mark.parametrize("said", [{"error": "access_denied"}, {"error": "server_error", "code": "x"}])
async def test_an_error_of_the_issuer_is_told_as_a_sign_in_that_did_not_work(said: dict[str, str]) -> None:
    async with sign_in_browser(SignInGround()) as browser:
        state = (await browser.to_issuer())["state"]
        answer = await browser.page.get(f"{PAGE}/signed-in", params={"state": state, **said})
        assert answer.headers["location"] == f"{PAGE}/#refused"
        assert (await browser.page.get(f"{PAGE}/session")).status_code == 401


async def test_signing_out_ends_the_session_even_for_a_kept_cookie() -> None:
    async with sign_in_browser(SignInGround()) as browser:
        await browser.sign_in()
        kept = browser.page.cookies[SESSION]
        answer = await browser.page.post(f"{PAGE}/sign-out", headers=await _csrf(browser))
        assert answer.json()["next"].startswith("http://127.0.0.1:8089/end-session?")
        assert SESSION not in browser.page.cookies
        browser.page.cookies.set(SESSION, kept)
        assert (await browser.page.get(f"{PAGE}/session")).status_code == 401


async def test_who_is_signed_in_but_unknown_or_revoked_is_let_in_nowhere() -> None:
    ground = SignInGround()
    async with sign_in_browser(ground) as browser:
        await browser.sign_in()
        ground.known.clear()
        answer = await browser.page.get(f"{PAGE}/session")
        assert (answer.status_code, _kind(answer)) == (403, "person-unknown")


async def test_a_person_without_the_scope_is_refused() -> None:
    async with sign_in_browser(SignInGround(scopes=frozenset())) as browser:
        await browser.sign_in()
        answer = await browser.page.post(f"{PAGE}/act", headers=await _csrf(browser))
        assert (answer.status_code, _kind(answer)) == (403, "scope-missing")


async def test_an_attempt_is_over_after_ten_minutes() -> None:
    ground = SignInGround()
    async with sign_in_browser(ground) as browser:
        back = await browser.chosen(await browser.to_issuer())
        ground.now += timedelta(minutes=11)
        assert (await browser.page.get(back)).headers["location"] == f"{PAGE}/#refused"


async def test_a_sign_in_begun_twice_ends_with_the_later_one() -> None:
    async with sign_in_browser(SignInGround()) as browser:
        first, second = await browser.to_issuer(), await browser.to_issuer()
        answer = await browser.page.get(await browser.chosen(first))
        assert answer.headers["location"] == f"{PAGE}/#refused"
        answer = await browser.page.get(await browser.chosen(second))
        assert answer.headers["location"] == f"{PAGE}/"


async def test_who_signs_in_again_and_again_ends_their_own_sessions_only() -> None:
    ground = SignInGround(known={"sachbearbeitung-1", "sachbearbeitung-2"})
    async with sign_in_browser(ground) as browser:
        tokens = []
        for person in ("sachbearbeitung-2", *["sachbearbeitung-1"] * (MOST_OF_ONE + 1)):
            await browser.sign_in(person)
            tokens.append(browser.page.cookies[SESSION])
        counts = []
        for token in tokens:
            browser.page.cookies.set(SESSION, token, domain="doors.example")
            counts.append((await browser.page.get(f"{PAGE}/session")).status_code)
        assert counts == [200, 401, *[200] * MOST_OF_ONE]


@pytest.mark.parametrize("step", ["sign-in", "signed-in"])
async def test_an_address_that_signs_in_without_end_is_told_to_wait(step: str) -> None:
    async with sign_in_browser(SignInGround(per_minute=20)) as browser:
        told = [(await browser.page.get(f"{PAGE}/{step}")) for _ in range(3)]
        assert [answer.status_code for answer in told] == [303, 303, 429]
        assert int(told[-1].headers["retry-after"]) > 0
        assert _kind(told[-1]) == "too-many-requests"
