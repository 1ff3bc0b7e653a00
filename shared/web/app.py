"""The HTTP side of every service: problems, health, metrics, limits, and a server to run it."""

import asyncio
import contextlib
import socket
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.settings import HttpListener
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from shared.web.bilingual import Bilingual
from shared.web.bodies import BodyLimit
from shared.web.connection import BoundedConnection, Connections
from shared.web.described import Responses, answering, describe
from shared.web.limits import HttpLimits
from shared.web.problems import Problem, answer_with_problems
from shared.web.request_log import QUIET, RequestLog

OPEN_TO_ALL: Final[dict[str, Any]] = {"security": []}
"""``openapi_extra`` of a route that asks for no token; every other route states its scheme."""

_GRACE_SECONDS: Final = 10
"""How long running requests may take when the server is told to end."""


def create_app(
    *,
    title: str,
    version: str,
    health: Health,
    telemetry: Telemetry,
    body_limit: int,
    body_limits: Mapping[str, int] | None = None,
) -> FastAPI:
    """Return an app with ``/health/live``, ``/health/ready`` and ``/metrics``.

    Bodies end at ``body_limit`` bytes; ``body_limits`` names the paths (templates) that have another limit.
    """
    app = FastAPI(
        title=title,
        version=version,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # `RequestLog` traces, and without the addresses and ids that the framework's own would put into a span.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    answer_with_problems(app)
    describe(app)
    app.add_middleware(BodyLimit, limit=body_limit, routes=body_limits or {})
    app.add_middleware(RequestLog, telemetry=telemetry)

    unwell: Responses = {503: {"description": "not well; the answer names the parts"}}

    @app.get("/health/live", tags=["operation"], responses=unwell, openapi_extra=OPEN_TO_ALL)
    async def live() -> Response:
        """Whether the process lives; 503 when only a restart helps."""
        return JSONResponse(health.report(), 200 if health.live else 503)

    @app.get("/health/ready", tags=["operation"], responses=unwell, openapi_extra=OPEN_TO_ALL)
    async def ready() -> Response:
        """Whether the process does its work now; 503 with the reasons when not."""
        return JSONResponse(health.report(), 200 if health.ready else 503)

    @app.get(
        "/metrics",
        tags=["operation"],
        response_class=PlainTextResponse,
        responses=answering("text/plain", "Prometheus' text format"),
        openapi_extra=OPEN_TO_ALL,
    )
    async def metrics() -> Response:
        """Metrics in Prometheus' text format."""
        return Response(telemetry.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return app


def add_routes(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Add the routes themselves; with ``include_router`` FastAPI looks for each request's route three times."""
    for each in routers:
        app.router.routes.extend(each.routes)


class HttpServer:
    """Serves an app until cancelled; lets running requests end.

    ``port`` 0 takes a free one; ``url`` is known once ``started`` is set. With ``operation``, an address of its own,
    health and metrics are served there and nowhere else.
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
        limits: HttpLimits | None = None,
        operation: tuple[str, int] | None = None,
    ) -> None:
        self._app = app
        self._address = (host, port)
        self._operation = operation
        self._tls = (certificate, key)
        self._limits = limits or HttpLimits()
        self._condition = health.part("http")
        self.started = asyncio.Event()
        self.url = ""
        self.operation_url = ""
        self._serving: list[asyncio.Future[None]] = []

    @classmethod
    def of(cls, app: FastAPI, listener: HttpListener, *, health: Health) -> Self:
        """The server that the settings describe."""
        port = listener.operation_port
        return cls(
            app,
            host=listener.host,
            port=listener.port,
            health=health,
            certificate=listener.certificate_file,
            key=listener.key_file,
            limits=HttpLimits.of(listener),
            operation=None if port is None else (listener.operation_host, port),
        )

    async def run(self) -> None:
        """Listen and answer.

        Raises:
            OSError: the port is taken.
        """
        async with contextlib.AsyncExitStack() as ending:
            if self._operation is None:
                self.url = await self._listen(self._app, self._address, ending)
            else:
                self.operation_url = await self._listen(_Part(self._app, quiet=True), self._operation, ending)
                self.url = await self._listen(_Part(self._app, quiet=False), self._address, ending)
            self.operation_url = self.operation_url or self.url
            self._condition.set("ready")
            self.started.set()
            structlog.get_logger().info("listening", part="http", port=int(self.url.rpartition(":")[2]))
            await asyncio.wait(self._serving, return_when=asyncio.FIRST_COMPLETED)

    async def _listen(self, app: ASGIApp, address: tuple[str, int], ending: contextlib.AsyncExitStack) -> str:
        """Serve until ``ending``; return the URL."""
        certificate, key = self._tls
        limits = self._limits
        config = uvicorn.Config(
            app,
            loop="none",
            http=partial(BoundedConnection, connections=Connections(limits)),  # type: ignore[arg-type] # called only
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # Without proxies nobody's word about who asks is believed.
            proxy_headers=bool(limits.proxies),
            forwarded_allow_ips=list(limits.proxies),
            timeout_keep_alive=limits.keep_alive_seconds,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
        host, port = address
        server = _Server(config, handshake=limits.head_seconds)
        listener = ending.enter_context(socket.create_server((host, port), family=_family(host), backlog=512))
        shown = f"[{host}]" if ":" in host else host
        url = f"{'https' if certificate else 'http'}://{shown}:{listener.getsockname()[1]}"
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        self._serving.append(serving)
        ending.push_async_callback(_end, server, serving)
        return url


async def _end(server: uvicorn.Server, serving: "asyncio.Future[None]") -> None:
    server.should_exit = True
    await serving


class _Server(uvicorn.Server):
    """Signals belong to the service that runs this, not to one of its parts; a TLS handshake has an end."""

    def __init__(self, config: uvicorn.Config, *, handshake: float) -> None:
        super().__init__(config)
        self._handshake = handshake

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        config, loop = self.config, asyncio.get_running_loop()

        def connection() -> asyncio.Protocol:
            return config.http_protocol_class(  # type: ignore[call-arg] # as uvicorn calls it
                config=config, server_state=self.server_state, app_state={}, _loop=loop
            )

        self.servers = [
            await loop.create_server(
                connection,
                sock=each,
                ssl=config.ssl,
                backlog=config.backlog,
                ssl_handshake_timeout=self._handshake if config.ssl else None,
            )
            for each in sockets or ()
        ]
        self.started = True


class _Part:
    """Either the operator's part of an app, or all the rest."""

    def __init__(self, app: ASGIApp, *, quiet: bool) -> None:
        self._app = app
        self._quiet = quiet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (scope["path"] in QUIET) == self._quiet:
            await self._app(scope, receive, send)
            return
        answer = Problem(
            404,
            "not-found",
            title=Bilingual(de="Nicht gefunden", en="Not found"),
            detail=Bilingual(
                de="Unter dieser Adresse wird anderes angeboten.", en="This address serves something else."
            ),
            resolution=Bilingual(
                de="Health und Metriken haben eine eigene Adresse; docs/operations.md nennt die Einstellungen.",
                en="Health and metrics have an address of their own; docs/operations.md names the settings.",
            ),
        )
        await answer.response(HTTPConnection(scope))(scope, receive, send)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
