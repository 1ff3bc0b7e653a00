"""One HTTP connection with limits: on its head, on its time, and on how many there are.

uvicorn's protocol over httptools is kept for its speed and has none of them. docs/adr/0012 has the trial.
"""

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.web.limits import HttpLimits
from shared.web.origins import origin_of
from shared.web.request_head import head_without_upgrade, is_unambiguous

_REFUSED: Final = {
    400: ("malformed-request", "This is no HTTP request.", "Send HTTP/1.1 as RFC 9112 describes it."),
    408: ("too-slow", "The request's head did not arrive in time.", "Send the request again, in one go."),
    429: (
        "too-many-connections",
        "This address holds too many connections.",
        "Keep fewer connections open, and use each for many requests.",
    ),
    431: ("head-too-large", "The request line and headers are too large.", "Send fewer or shorter headers."),
    503: ("busy", "No further connection is taken now.", "Connect again after the seconds in Retry-After."),
}


class Connections:
    """All connections of a listener: how many there are, from where, and which of them rest."""

    def __init__(self, limits: HttpLimits) -> None:
        self.limits = limits
        self.resting: dict[BoundedConnection, None] = {}
        """Those without a request, the longest at rest first."""
        self._total = 0
        self._by_address: Counter[str] = Counter()
        self._proxies = [ipaddress.ip_network(proxy) for proxy in limits.proxies]

    def enter(self, host: str) -> int | None:
        """Count a connection in; return the status to refuse it with, or None."""
        address = origin_of(host)
        if self._by_address[address] >= self.limits.connections_per_address and not self._is_proxy(host):
            return HTTPStatus.TOO_MANY_REQUESTS
        if self._total >= self.limits.connections and not self._make_room():
            return HTTPStatus.SERVICE_UNAVAILABLE
        self._total += 1
        self._by_address[address] += 1
        return None

    def leave(self, host: str) -> None:
        """Count a connection out."""
        address = origin_of(host)
        self._total -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]

    def _make_room(self) -> bool:
        longest = next(iter(self.resting), None)
        if longest is None:
            return False
        longest.end()
        return True

    def _is_proxy(self, host: str) -> bool:
        return bool(self._proxies) and any(ipaddress.ip_address(host) in each for each in self._proxies)


class BoundedConnection(HttpToolsProtocol):
    """Ends what is too large, too slow or one too many; everything else is uvicorn's."""

    def __init__(self, *arguments: Any, connections: Connections, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._all = connections
        self._limits = connections.limits
        self._host: str | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._head_bytes = self._unparsed_bytes = self._ended_messages = 0
        self._awaits_head, self._begun = True, False
        self._status = 400
        self._refused = self._stopping = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        super().connection_made(transport)
        host = self.client[0] if self.client else ""
        status = self._all.enter(host)
        if status is not None:
            self._refuse(status)
            return
        self._host = host
        self._after("head", self._limits.head_seconds, self._head_late)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._all.resting.pop(self, None)
        if self._host is not None:
            self._all.leave(self._host)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._all.resting.pop(self, None)
        ended = self._ended_messages
        self._parse(data)
        if self._refused or not self._awaits_head:  # type: ignore[redundant-expr] # changed by the line above
            return
        # Empty lines between two requests are no request; whoever sends them only has a head's time.
        if self._begun or self._ended_messages == ended:
            self._unparsed_bytes += len(data)
            if self._unparsed_bytes > self._limits.head_bytes:
                self._refuse(431)
            elif "head" not in self._timers:
                self._after("head", self._limits.head_seconds, self._head_late)

    def _parse(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offered:
            method, version = self.parser.get_method(), self.parser.get_http_version()
            head = head_without_upgrade(method, self.url, version, self.headers)
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's
            self._parse(head + data[offered.args[0] :])
        except httptools.HttpParserError:
            self._refuse(self._status)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._awaits_head = self._begun = True
        self._head_bytes = 0

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 4)
        if name.lower() == b"cookie":
            # Python's reader takes a second for 30 KB of them in quotes; no cookie of ours has any.
            value = value.replace(b"\\", b"")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._offers_upgrade():
            return
        self._awaits_head = self._begun = False
        self._unparsed_bytes = 0
        self._cancel("head")
        if len(self.pipeline) >= self._limits.pipelined:
            raise ValueError("too many requests before an answer")
        version = self.parser.get_http_version()
        if not is_unambiguous(version, self.headers):
            raise ValueError("a proxy and we could read this differently")
        if version == "1.0":
            self.expect_100_continue = (
                False  # RFC 9110 section 10.1.1: who speaks 1.0 takes 100 for the answer
            )
        super().on_headers_complete()
        if self._stopping:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        if self._offers_upgrade():
            return
        self._awaits_head = True
        self._ended_messages += 1
        self._cancel("linger")
        super().on_message_complete()

    def on_response_complete(self) -> None:
        if self._refused:
            self.end()
        elif self.transport.is_closing():
            # What is written but not read keeps a closing connection open.
            self._after("unread", self._limits.unread_seconds, self.transport.abort)
        elif not self._awaits_head:
            self._after("linger", self._limits.linger_seconds, self.end)
        elif not self.pipeline and not self._begun:
            self._all.resting[self] = None
        super().on_response_complete()

    def pause_writing(self) -> None:
        self._after("unread", self._limits.unread_seconds, self.transport.abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        self._cancel("unread")
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        self.end()

    def end(self) -> None:
        """Close, whether or not the client reads what is still to be sent."""
        self._all.resting.pop(self, None)
        if not self.transport.is_closing():
            self.transport.close()
            self._after("unread", self._limits.unread_seconds, self.transport.abort)

    def shutdown(self) -> None:
        """Answer what is on its way before the connection closes: a request may have crossed our decision."""
        self._stopping = True
        if self._answering():
            self.cycle.keep_alive = False
        elif not self.transport.is_closing():
            self._after("linger", min(1.0, self._limits.linger_seconds), self._end_if_at_rest)

    def _end_if_at_rest(self) -> None:
        if not self._answering():
            self.end()

    def _head_late(self) -> None:
        self._timers.pop("head", None)
        if self._begun:
            self._refuse(408)
        else:
            self.end()

    def _offers_upgrade(self) -> bool:
        """Then its head comes once more, without the offer; a tunnel is none of these, and its target is no URL."""
        return bool(self.parser.should_upgrade()) and self.parser.get_method() != b"CONNECT"

    def _count(self, size: int) -> None:
        """Count bytes of a head, trailers included; an error in a parser's callback refuses the request."""
        self._head_bytes += size
        if self._head_bytes > self._limits.head_bytes:
            self._status = 431
            raise ValueError("the head is too large")

    def _refuse(self, status: int) -> None:
        self._refused = True
        self._cancel("head")
        if self.pipeline or (self._answering() and self.cycle.response_started):
            # An answer is under way; a second one in its midst would be read as part of it.
            self.pipeline.clear()
            return
        if self._answering():
            # Whoever waits for the rest of this request learns that there is none.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.write(_refusal(status))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._after("linger", self._limits.linger_seconds, self.end)

    def _answering(self) -> bool:
        cycle: Any = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete

    def _after(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        self._cancel(name)
        self._timers[name] = self.loop.call_later(seconds, call)

    def _cancel(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()


def _refusal(status: int) -> bytes:
    kind, detail, resolution = _REFUSED[status]
    phrase = HTTPStatus(status).phrase
    body = orjson.dumps(
        {
            "type": f"urn:amtsweg:problem:{kind}",
            "title": phrase,
            "status": status,
            "detail": detail,
            "resolution": resolution,
        }
    )
    retry = "retry-after: 2\r\n" if status in {429, 503} else ""
    return (
        f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\n{retry}connection: close\r\n\r\n"
    ).encode() + body
