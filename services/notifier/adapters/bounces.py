"""The small mail server that bounces come back to: it takes delivery reports about our own mails, and nothing else.

Limits come before reading: connections, time, size, one recipient, and that recipient must carry our token. Nothing is
relayed or kept.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.notifier.domain.bounces import MOST_BYTES, DeliveryReport, ReturnPaths, read_report
from services.notifier.ports import StoreAway
from shared.telemetry.health import Condition
from shared.telemetry.metrics import Telemetry

NoteReport = Callable[[Any, DeliveryReport], Awaitable[bool]]
"""Writes what a report says of a message; False where that changes nothing. Raises ``StoreAway``."""

CONNECTIONS: Final = 20
_SECONDS = 30.0
_COMMANDS = {"*": 20}


class BounceServer:
    """Listens until cancelled; ``listening`` is set once it does. With ``tls`` nothing is taken before STARTTLS."""

    def __init__(
        self,
        paths: ReturnPaths,
        note: NoteReport,
        *,
        host: str,
        port: int,
        condition: Condition,
        telemetry: Telemetry,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._tls = tls
        self._paths = paths
        self._note = note
        self._host = host
        self._port = port
        self._condition = condition
        self._telemetry = telemetry
        self._open: dict[SMTP, None] = {}
        self.listening = asyncio.Event()
        self._log = structlog.get_logger().bind(part="bounces")

    async def run(self) -> None:
        """Take reports until cancelled."""
        server = await asyncio.get_running_loop().create_server(self._protocol, self._host, self._port)
        self._condition.set("ready")
        self.listening.set()
        self._log.info("listening", port=server.sockets[0].getsockname()[1])
        try:
            async with server:
                await server.serve_forever()
        finally:
            for protocol in tuple(self._open):
                _hang_up(protocol)

    def _protocol(self) -> SMTP:
        return _Conversation(
            self,
            hostname=self._paths.domain,
            data_size_limit=MOST_BYTES,
            timeout=_SECONDS,
            command_call_limit=_COMMANDS,
            loop=asyncio.get_running_loop(),
            tls_context=self._tls,
            require_starttls=self._tls is not None,
            open_conversations=self._open,
        )

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Accept one recipient only, and only an address with our token."""
        if envelope.rcpt_tos:
            return "452 4.5.3 One recipient is enough"
        if self._paths.message(address) is None:
            self._count("refused")
            return "550 5.1.1 No such address"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Read the report; any other mail, for example an absence note, is accepted and discarded."""
        message = self._paths.message(envelope.rcpt_tos[0])
        content = envelope.content
        report = read_report(content) if isinstance(content, bytes) else None
        if message is None or report is None:
            self._count("ignored")
            return "250 2.0.0 Not a report, forgotten"
        try:
            changed = await self._note(message, report)
        except StoreAway:
            return "451 4.3.0 Come again later"
        self._count(report.outcome if changed else "ignored")
        self._log.info("report read", kind=report.outcome, status=report.status, count=int(changed))
        return "250 2.0.0 Read"

    def _count(self, result: str) -> None:
        self._telemetry.count("messages_sent", channel="bounce", result=result)


class _Conversation(SMTP):
    """One connection; above the maximum the oldest is closed: a report takes only a moment to deliver."""

    def __init__(
        self, handler: BounceServer, *, open_conversations: dict[SMTP, None], **settings: Any
    ) -> None:
        super().__init__(handler, enable_SMTPUTF8=False, decode_data=False, **settings)
        self._all = open_conversations

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._all[self] = None
        if len(self._all) > CONNECTIONS:
            oldest = next(iter(self._all))
            del self._all[oldest]
            _hang_up(oldest)

    def connection_lost(self, error: Exception | None) -> None:
        self._all.pop(self, None)
        super().connection_lost(error)


def _hang_up(protocol: SMTP) -> None:
    if isinstance(protocol.transport, asyncio.Transport):
        protocol.transport.abort()
