"""Names are for everybody, and never at the cost of who hands in submissions."""

import httpx
from fastapi import FastAPI

from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.app import create_app
from shared.web.names import names_from


def app_with(*, per_minute: int) -> FastAPI:
    app = create_app(title="names", version="1", health=Health(), telemetry=Telemetry(), body_limit=0)
    app.include_router(names_from(None, per_minute=per_minute))
    return app


async def asked(app: FastAPI, address: str, *, text: str = "x") -> httpx.Response:
    transport = httpx.ASGITransport(app, client=(address, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://names") as http:
        return await http.get("/v1/names", params={"kind": "authority", "text": text})


async def test_an_address_over_its_limit_gets_retry_after_and_others_are_answered() -> None:
    app = app_with(per_minute=20)

    told = [await asked(app, "192.0.2.1") for _ in range(3)]
    other = await asked(app, "192.0.2.2")

    assert [answer.status_code for answer in told] == [200, 200, 429]
    assert int(told[2].headers["retry-after"]) > 0
    assert told[2].json()["type"] == "urn:amtsweg:problem:too-many-requests"
    assert other.status_code == 200


async def test_an_ipv6_network_of_one_customer_is_one_address() -> None:
    app = app_with(per_minute=20)

    told = [await asked(app, f"2001:db8:0:1:{n}::{n}") for n in range(1, 4)]
    other = await asked(app, "2001:db8:0:2::1")

    assert [answer.status_code for answer in told] == [200, 200, 429]
    assert other.status_code == 200


async def test_a_question_that_cannot_be_read_counts_too() -> None:
    app = app_with(per_minute=10)

    refused = await asked(app, "192.0.2.1", text="")
    then = await asked(app, "192.0.2.1")

    assert (refused.status_code, then.status_code) == (422, 429)
