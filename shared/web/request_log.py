"""One log line and one count for each HTTP request, and an answer to what went wrong unexpectedly."""

import time
from typing import Final

import structlog
from opentelemetry.trace import Span, SpanKind, StatusCode
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.events.trace_context import TRACEPARENT
from shared.telemetry.metrics import Telemetry
from shared.telemetry.tracing import CASE, begin, traceparent_of
from shared.web.noted import noted
from shared.web.problems import internal_error

HUNG_UP: Final = 499
"""The status that is counted where the client has gone before the answer; it is sent to nobody."""

QUIET: Final = frozenset({"/health/live", "/health/ready", "/metrics"})
"""Asked every few seconds by machines: told in the log only when they fail."""

_FAILED: Final = 500
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_TRACEPARENT: Final = TRACEPARENT.encode()
_HEADERS: Final = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
_STRICT: Final = (b"strict-transport-security", b"max-age=31536000")


class RequestLog:
    """Tells of each request by its route's template, so that no id and nothing typed becomes part of a line.

    What the application did not expect is answered here and told once, as an error; a client that has gone is none.
    Answers are neither stored on their way nor guessed at, unless their route says otherwise.
    """

    def __init__(self, app: ASGIApp, *, telemetry: Telemetry) -> None:
        self._app = app
        self._telemetry = telemetry
        self._log = structlog.get_logger().bind()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        stated = _stated(scope)
        span = begin("request", kind=SpanKind.SERVER, traceparent=stated)
        # In a copy: the server looks at its own when it decides whether a body is sent.
        inner = _as_get(scope, trace=traceparent_of(span, stated))
        exchange = _Exchange(receive, send, head=scope["method"] == "HEAD", tls=scope["scheme"] == "https")
        began = time.perf_counter()
        try:
            await self._app(inner, exchange.receive, exchange.send)
        except ClientDisconnect:
            exchange.gone = True
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is answered and the log told
            if not exchange.gone:
                exchange.failed, noted(inner)["error"] = True, error
                await exchange.fail(inner)
        finally:
            self._tell(inner, scope["method"], exchange, seconds=time.perf_counter() - began)
            _end(span, inner, scope["method"], status=exchange.result)

    def _tell(self, scope: Scope, method: str, exchange: "_Exchange", *, seconds: float) -> None:
        route, method, status = _route(scope), method if method in _METHODS else "other", exchange.result
        self._telemetry.count("http_requests", route=route, method=method, status=str(status))
        self._telemetry.observe("http_seconds", seconds, route=route)
        if route in QUIET and status < _FAILED:
            return
        tell = (
            self._log.error if exchange.failed else self._log.warning if status >= _FAILED else self._log.info
        )
        tell(
            "request",
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
            trace_id=_trace(scope),
            **noted(scope),
        )


class _Exchange:
    """What came of one request: the status of its answer, or that nobody waited for it."""

    def __init__(self, receive: Receive, send: Send, *, head: bool, tls: bool) -> None:
        self._receive, self._send = receive, send
        self._head, self._tls = head, tls
        self._status: int | None = None
        self.gone = self.failed = False

    @property
    def result(self) -> int:
        if self._status is None:
            return HUNG_UP if self.gone else 500
        return self._status

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect" and self._status is None:
            self.gone = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = HUNG_UP if self.gone else message["status"]
            message["headers"] = [*message.get("headers", ()), *self._missing(message)]
        elif self._head:
            message = {**message, "body": b""}
        await self._send(message)

    async def fail(self, scope: Scope) -> None:
        """Answer that the service failed, unless an answer has begun."""
        if self._status is None:
            await internal_error().response(HTTPConnection(scope))(scope, self._receive, self.send)

    def _missing(self, message: Message) -> list[tuple[bytes, bytes]]:
        present = {name.lower() for name, _ in message.get("headers", ())}
        wanted = (*_HEADERS, _STRICT) if self._tls else _HEADERS
        return [(name, value) for name, value in wanted if name not in present]


def _stated(scope: Scope) -> str | None:
    given = [value for name, value in scope["headers"] if name == _TRACEPARENT]
    return given[0].decode("latin-1") if len(given) == 1 else None


def _as_get(scope: Scope, *, trace: str) -> Scope:
    """The request as the application sees it: HEAD is GET without a body, and every request has a trace."""
    headers = [(name, value) for name, value in scope["headers"] if name != _TRACEPARENT]
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    return {**scope, "method": method, "headers": [*headers, (_TRACEPARENT, trace.encode())]}


def _end(span: Span, scope: Scope, method: str, *, status: int) -> None:
    """End the request's span; one that is not ended is sent to nobody, as of what machines ask every few seconds."""
    route, case = _route(scope), noted(scope).get("case_id")
    if not span.is_recording() or (route in QUIET and status < _FAILED):
        return
    span.update_name(f"{method if method in _METHODS else 'other'} {route}")
    span.set_attributes({"http.route": route, "http.response.status_code": int(status)})
    if case is not None:
        span.set_attribute(CASE, case)
    if status >= _FAILED:
        span.set_status(StatusCode.ERROR)
    span.end()


def _trace(scope: Scope) -> str:
    value: bytes = scope["headers"][-1][1]
    return value.decode().split("-")[1]


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "unmatched"))
