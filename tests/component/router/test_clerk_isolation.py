"""Every operation of the clerk's page × own and foreign authority: who is signed in for one reaches that one and no more."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.router.adapters.http.clerk import PAGE
from shared.settings import SignIn
from tests.support.clerk import ClerksDoors, clerk_app
from tests.support.doors import in_vain
from tests.support.events import GIESSEN
from tests.support.operations import Operation, protected
from tests.support.sign_in import SignInGround, sign_in_browser

MARBURG = "g-06534014"
SECRET = b'{"antragsteller":"of the other authority"}'


@dataclass(frozen=True)
class Clerk:
    """Somebody of Gießen, signed in; ``own`` lies there, ``foreign`` in Marburg."""

    http: httpx.AsyncClient
    doors: ClerksDoors
    own: UUID
    foreign: UUID

    async def answer(self, case: UUID, authority: str | None = None) -> httpx.Response:
        csrf = (await self.http.get(f"{PAGE}/session")).json()["csrf"]
        document: dict[str, Any] = {
            "id": f"clerk/{case}"[:64],
            "caseId": str(case),
            "kind": "accepted",
            "givenAt": "2026-01-12T10:15:00Z",
        }
        if authority is not None:
            document["authority"] = authority
        return await self.http.post(
            f"{PAGE}/v1/answers", json=document, headers={"Amtsweg-Csrf": csrf, "Origin": GROUND.url}
        )


GROUND = SignInGround()


@pytest.fixture
async def clerk() -> AsyncIterator[Clerk]:
    doors = ClerksDoors()
    own = doors.deliver(b"{}", number="AW-2026-1")
    foreign = doors.deliver(SECRET, number="AW-2026-2", authority=MARBURG)

    def app(settings: SignIn, asking: httpx.AsyncClient) -> Any:
        return clerk_app(doors, settings, http=asking)

    async with sign_in_browser(GROUND, app) as browser:
        assert (await browser.sign_in()).status_code == 303
        yield Clerk(browser.page, doors, own, foreign)


def test_every_operation_of_the_page_is_walked() -> None:
    settings = SignIn(issuer="http://127.0.0.1:8089", client_id="doors", public_url=GROUND.url)
    found = {each for each in protected(clerk_app(ClerksDoors(), settings)) if each.path.startswith(PAGE)}
    assert found == {
        Operation("GET", f"{PAGE}/session"),  # who is signed in
        Operation("POST", f"{PAGE}/sign-out"),  # the own session
        Operation("GET", f"{PAGE}/cases"),
        Operation("GET", f"{PAGE}/cases/case"),
        Operation("GET", f"{PAGE}/authorities"),  # the directory is open data
        Operation("POST", f"{PAGE}/v1/answers"),
    }


async def test_an_answer_without_effect_is_not_listed_for_another_authority(clerk: Clerk) -> None:
    clerk.doors.vain = {GIESSEN: [in_vain(clerk.own)], MARBURG: [in_vain(clerk.foreign)]}

    listed = (await clerk.http.get(f"{PAGE}/cases")).json()["withoutEffect"]

    assert [(each["caseId"], each["kind"], each["reason"]) for each in listed] == [
        (str(clerk.own), "decided", "withdrawn")
    ]


async def test_the_list_has_only_the_authoritys_own_cases(clerk: Clerk) -> None:
    listed = (await clerk.http.get(f"{PAGE}/cases")).json()
    assert (listed["total"], [each["case"] for each in listed["cases"]]) == (1, [str(clerk.own)])


async def test_another_authoritys_case_looks_like_an_unknown_case(clerk: Clerk) -> None:
    own = await clerk.http.get(f"{PAGE}/cases/{clerk.own}")
    theirs = await clerk.http.get(f"{PAGE}/cases/{clerk.foreign}")
    never = await clerk.http.get(f"{PAGE}/cases/{uuid4()}")
    assert (own.status_code, theirs.status_code, never.status_code) == (200, 404, 404)
    assert _without_place(theirs) == _without_place(never)
    assert [each.authority for each in clerk.doors.opened] == [GIESSEN]


async def test_another_authoritys_case_cannot_be_answered(clerk: Clerk) -> None:
    theirs = await clerk.answer(clerk.foreign)
    named = await clerk.answer(clerk.foreign, MARBURG)
    own_named = await clerk.answer(clerk.own, MARBURG)
    assert (theirs.status_code, named.status_code, own_named.status_code) == (404, 403, 403)
    assert clerk.doors.sent == []
    assert (await clerk.answer(clerk.own, GIESSEN)).status_code == 202


def _without_place(answer: httpx.Response) -> dict[str, Any]:
    """The problem without what names the request."""
    return {name: told for name, told in answer.json().items() if name not in {"instance", "traceId"}}
