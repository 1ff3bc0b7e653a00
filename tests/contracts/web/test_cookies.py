"""Cookies of strangers: whatever is escaped in them costs nobody's time."""

import httpx
from fastapi import FastAPI, Request

from amtsweg.stack import ports
from tests.support.served import served


async def test_no_backslash_of_a_cookie_reaches_the_reader_of_cookies() -> None:
    app, port = FastAPI(), ports.free_port()

    @app.get("/")
    async def shown(request: Request) -> dict[str, str]:
        return {"seen": request.headers["cookie"], **request.cookies}

    sent = 'own=abc; other="' + '\\"' * 10 + '"'
    async with served(app, port), httpx.AsyncClient() as http:
        answer = await http.get(f"http://127.0.0.1:{port}/", headers={"Cookie": sent})
    assert "\\" not in answer.json()["seen"]
    assert answer.json()["own"] == "abc"
