"""An application on a port of its own, for those who are not Python: a browser."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from amtsweg.stack import ports
from amtsweg.stack.issuer.app import issuer_app
from amtsweg.stack.issuer.description import PERSONS, IssuerClient, IssuerDescription
from shared.settings import SignIn
from shared.telemetry.health import Health
from shared.web.app import HttpServer


def sign_in_at(door: str) -> SignIn:
    """Settings of a page on a free port, with an issuer on another."""
    page, issuer = ports.free_port(), ports.free_port()
    return SignIn(issuer=f"http://127.0.0.1:{issuer}", client_id=door, public_url=f"http://127.0.0.1:{page}")


@asynccontextmanager
async def served_with_issuer(app: FastAPI, settings: SignIn, *, page: str) -> AsyncIterator[str]:
    """Both listen while the block runs; the page's base URL."""
    client = IssuerClient(
        secret="s",
        redirect_uris=(f"{settings.public_url}{page}/signed-in",),
        post_logout_redirect_uris=(f"{settings.public_url}{page}/",),
    )
    told = IssuerDescription(
        host="127.0.0.1",
        port=_port(settings.issuer),
        persons=PERSONS,
        clients={settings.client_id: client},
    )
    async with served(issuer_app(told), _port(settings.issuer)), served(app, _port(settings.public_url)):
        yield settings.public_url


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


@asynccontextmanager
async def served(app: FastAPI, port: int) -> AsyncIterator[None]:
    """It listens while the block runs."""
    server = HttpServer(app, host="127.0.0.1", port=port, health=Health())
    serving = asyncio.create_task(server.run())
    await server.started.wait()
    try:
        yield
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
