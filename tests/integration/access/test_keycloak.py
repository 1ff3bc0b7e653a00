"""A clerk signs in at Keycloak, as a house has it: with name and password there, and with PKCE from here."""

import html
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from amtsweg.stack import ports
from shared.settings import SignIn
from tests.support.clerk import ClerksDoors, clerk_app
from tests.support.keycloak import AUTHORITY, CLIENT, PASSWORD, PERSON, Keycloak
from tests.support.served import served

PAGE = "/clerk"
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def page_port() -> int:
    return ports.free_port()


@pytest.fixture(scope="module")
def keycloak(tmp_path_factory: pytest.TempPathFactory, page_port: int) -> Iterator[Keycloak]:
    part = Keycloak(tmp_path_factory.mktemp("keycloak"), doors=f"http://127.0.0.1:{page_port}")
    try:
        part.start()
        yield part
    finally:
        part.kill()


class LoopbackIsSecure(httpx.AsyncHTTPTransport):
    """As browsers have it: what never leaves the machine is as safe as TLS, so that cookies marked `Secure` go back."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        response.headers = httpx.Headers(
            [
                (name, _SECURE.sub("", value) if name.lower() == "set-cookie" else value)
                for name, value in response.headers.multi_items()
            ]
        )
        return response


_SECURE = re.compile(r";\s*Secure\b", re.IGNORECASE)


async def signed_in(browser: httpx.AsyncClient, page: str, *, password: str) -> httpx.Response:
    """Go through all of it, as a browser does; the last answer."""
    form = await browser.get(f"{page}/sign-in", follow_redirects=True)
    found = re.search(r'action="([^"]+)"', form.text)
    assert found is not None, form.text[:2000]
    filled = {"username": PERSON, "password": password, "credentialId": ""}
    return await browser.post(html.unescape(found[1]), data=filled, follow_redirects=False)


async def test_a_clerk_signs_in_with_their_password_and_serves_the_authority_of_the_claim(
    keycloak: Keycloak, page_port: int
) -> None:
    settings = SignIn(issuer=keycloak.issuer, client_id=CLIENT, public_url=f"http://127.0.0.1:{page_port}")
    page = f"{settings.public_url}{PAGE}"
    async with (
        served(clerk_app(ClerksDoors(), settings), page_port),
        httpx.AsyncClient(timeout=60, transport=LoopbackIsSecure()) as browser,
    ):
        refused = await signed_in(browser, page, password="ein falsches")
        assert refused.status_code == 200  # the form again
        assert (await browser.get(f"{page}/session")).status_code == 401

        back = await signed_in(browser, page, password=PASSWORD)
        assert back.status_code == 302
        told = parse_qs(urlsplit(back.headers["location"]).query)
        assert told["iss"] == [keycloak.issuer]
        entered = await browser.get(back.headers["location"])
        assert (entered.status_code, entered.headers["location"]) == (303, f"{PAGE}/")
        session = (await browser.get(f"{page}/session")).json()
        assert session["authorities"] == [AUTHORITY]

        again = await browser.get(back.headers["location"])
        assert again.headers["location"] != f"{PAGE}/", "a code is redeemed once"

        left = await browser.post(
            f"{page}/sign-out", headers={"Amtsweg-Csrf": session["csrf"], "Origin": settings.public_url}
        )
        assert left.is_success, left.text
        assert (await browser.get(f"{page}/session")).status_code == 401
