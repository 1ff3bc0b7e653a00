"""Cookies that open nothing, at every route of the clerk's page and the console: 401, and never an error of ours."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tests.contracts.web.test_tokens import _KEY
from tests.support.apps import page_of
from tests.support.hostile_tokens import TokenGround
from tests.support.operations import protected
from tests.support.sign_in import PAGE, SignInGround, sign_in_browser

pytestmark = pytest.mark.slow

_HOSTILE = (
    b"", b" ", b"\xff\xfe", "ü".encode(), b"\xe9" * 300, b"\x01\x02", b"%00", b"a" * 7000, b'"a"', b"a,b", b"a=b", b"null",
    b"gAAAAA", b"gAAAAABl\xe9", b"AAAA" * 40, b"..", b"../../etc/passwd", b"{}", b"0",
)  # fmt: skip


@pytest.fixture(params=["doors", "desk"])
async def page(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[FastAPI]:
    async with page_of(str(request.param), tmp_path) as app:
        yield app


async def test_a_cookie_that_is_none_of_ours_is_answered_401_at_every_route(page: FastAPI) -> None:
    tokens = TokenGround(key=_KEY, claims={"iss": "i", "sub": "s", "aud": "doors", "iat": 1, "exp": 2})
    names = [
        f"{prefix}amtsweg-{door}-session".encode() for prefix in ("", "__Host-") for door in ("doors", "desk")
    ]
    shown = [
        b"; ".join(name + b"=" + value for name in names) for value in (*_HOSTILE, tokens.good().encode())
    ]
    transport = httpx.ASGITransport(page, raise_app_exceptions=False)
    operations = [each for each in protected(page) if not each.path.endswith("/sign-out")]
    async with httpx.AsyncClient(transport=transport, base_url="http://page") as http:
        for operation in operations:
            for cookie in shown if operation is operations[0] else shown[:4]:
                answer = await http.request(operation.method, operation.path, headers=[(b"cookie", cookie)])
                assert answer.status_code == 401, (operation, cookie[:80], answer.text)
    assert len(operations) > 3


@pytest.mark.parametrize("value", _HOSTILE, ids=lambda value: repr(value[:12]))
async def test_an_attempt_that_is_none_of_ours_is_told_as_a_sign_in_that_did_not_work(value: bytes) -> None:
    async with sign_in_browser(SignInGround()) as browser:
        back = await browser.chosen(await browser.to_issuer())
        browser.page.cookies.clear()
        cookie = b"__Host-amtsweg-doors-attempt=" + value
        answer = await browser.page.get(back, headers=[(b"cookie", cookie)])
        acted = await browser.page.post(f"{PAGE}/act")
    assert answer.status_code < 500, answer.text
    assert acted.status_code == 401
