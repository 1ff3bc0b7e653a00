"""The HTTP side of every service: problems, health, metrics, a limit on bodies, and a server to run it."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Self

import structlog
import uvicorn
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.settings import HttpListener
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.problems import Problem, answer_with_problems

OPEN_TO_ALL: Final[dict[str, Any]] = {"security": []}
"""``openapi_extra`` of a route that asks for no token; every other route states its scheme."""


def create_app(*, title: str, version: str, health: Health, telemetry: Telemetry, body_limit: int) -> FastAPI:
    """Return an app with ``/health/live``, ``/health/ready`` and ``/metrics``; bodies end at the limit, in bytes."""
    app = FastAPI(title=title, version=version, docs_url=None, redoc_url=None, redirect_slashes=False)
    answer_with_problems(app)
    app.add_middleware(_BodyLimit, limit=body_limit)
    app.add_middleware(_Measured, telemetry=telemetry)

    @app.get("/health/live", tags=["operation"], openapi_extra=OPEN_TO_ALL)
    async def live() -> Response:
        """Whether the process lives; 503 when only a restart helps."""
        return JSONResponse(health.report(), 200 if health.live else 503)

    @app.get("/health/ready", tags=["operation"], openapi_extra=OPEN_TO_ALL)
    async def ready() -> Response:
        """Whether the process does its work now; 503 with the reasons when not."""
        return JSONResponse(health.report(), 200 if health.ready else 503)

    @app.get("/metrics", tags=["operation"], openapi_extra=OPEN_TO_ALL)
    async def metrics() -> Response:
        """Metrics in Prometheus' text format."""
        return Response(telemetry.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return app


class HttpServer:
    """Serves an app until cancelled; lets running requests end.

    ``port`` 0 takes a free one; ``url`` is known once ``started`` is set.
    """

    def __init__(
        self,
        app: FastAPI,
        *,
        host: str,
        port: int,
        health: Health,
        certificate: Path | None = None,
        key: Path | None = None,
    ) -> None:
        self._app = app
        self._address = (host, port)
        self._tls = (certificate, key)
        self._condition = health.part("http")
        self.started = asyncio.Event()
        self.url = ""

    @classmethod
    def of(cls, app: FastAPI, listener: HttpListener, *, health: Health) -> Self:
        """The server that the settings describe."""
        return cls(
            app,
            host=listener.host,
            port=listener.port,
            health=health,
            certificate=listener.certificate_file,
            key=listener.key_file,
        )

    async def run(self) -> None:
        """Listen and answer.

        Raises:
            OSError: the port is taken.
        """
        host, port = self._address
        certificate, key = self._tls
        config = uvicorn.Config(
            self._app,
            loop="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # nobody's word about who asks is believed; and a layer less per request
            timeout_graceful_shutdown=10,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
        server = _Server(config)
        with socket.create_server((host, port), family=_family(host), backlog=512) as listener:
            port = listener.getsockname()[1]
            shown = f"[{host}]" if ":" in host else host
            self.url = f"{'https' if certificate else 'http'}://{shown}:{port}"
            serving = asyncio.ensure_future(server.serve(sockets=[listener]))
            self._condition.set("ready")
            self.started.set()
            structlog.get_logger().info("listening", part="http", port=port)
            try:
                await asyncio.shield(serving)
            finally:
                server.should_exit = True
                await serving


class _Server(uvicorn.Server):
    """Signals belong to the service that runs this, not to one of its parts."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _BodyLimit:
    """Ends a body that is longer than allowed, announced or not, before it fills the memory."""

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._limit:
            await self._too_large().response(scope["path"])(scope, receive, send)
            return
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise self._too_large()
            return message

        await self._app(scope, limited, send)

    def _too_large(self) -> Problem:
        return Problem(
            413,
            "too-large",
            title="Too large",
            detail=f"The request's body is larger than {self._limit} bytes.",
            resolution="Send less, or send large parts as attachments.",
        )


class _Measured:
    """Counts requests and their duration by route template, so that no id becomes a label."""

    def __init__(self, app: ASGIApp, *, telemetry: Telemetry) -> None:
        self._app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), "500"

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            self._telemetry.count("http_requests", route=route, method=scope["method"], status=status)
            self._telemetry.observe("http_seconds", time.perf_counter() - began, route=route)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
