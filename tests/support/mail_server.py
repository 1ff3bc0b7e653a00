"""A real mail server (aiosmtpd) in the test's own event loop; what it does depends on whom a mail is for."""

import asyncio
import email
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

AT_RECIPIENT = {
    "busy": "450 4.2.1 The mailbox is busy",
    "gone": "550 5.1.1 There is no such mailbox",
    "disabled": "550 5.2.1 The mailbox is disabled",
    "perhaps-gone": "550 No such user, or relaying denied",
    "relay-denied": "550 5.7.1 Relaying denied",
    "greylisted": "450 4.7.1 Come again later",
    "no-starttls": "530 5.7.0 Must issue STARTTLS first",
    "listed": "554 Your address is on a list",
    "closing": "421 4.3.2 The service is closing down",
}
AFTER_CONTENT = {
    "later": "451 4.2.0 Not now",
    "full-disk": "451 4.3.1 System storage is full",
    "spam": "554 5.7.1 We do not want this",
}
SILENT = "silence"
"""The connection is cut after the content, without an answer."""

_OF_REPORTS = frozenset({"RET", "ENVID", "NOTIFY"})


class _Reporting(SMTP):
    """aiosmtpd knows no delivery reports: their parameters are taken out before it refuses them."""

    def _getparams(self, params: Sequence[str]) -> dict[str, str | bool] | None:
        found = super()._getparams(params)
        handler = self.event_handler
        if found is not None and isinstance(handler, MailServer) and handler.reports:
            handler.asked_to_report |= {name: str(found.pop(name)) for name in _OF_REPORTS & found.keys()}
        return found


Hook = Callable[[str], Awaitable[None]]


async def _go_on(_: str) -> None:
    pass


@dataclass
class MailServer:
    """What it has taken, and places where a test can hold it up: called with the recipient."""

    taken: list[tuple[str, bytes]] = field(default_factory=list)
    senders: set[str] = field(default_factory=set)
    """The envelopes' senders, where bounces would go."""
    connections: int = 0
    at_recipient: Hook = _go_on
    at_content: Hook = _go_on
    after_content: Hook = _go_on
    refuse_senders: bool = False
    forgiving: bool = False
    """Every recipient is accepted, by any name."""
    says_to_all: str | None = None
    """The answer to every recipient, whoever it is."""
    reports: bool = False
    """Whether it offers delivery reports (RFC 3461)."""
    pipelining: bool = False
    """Whether it takes several commands at once (RFC 2920)."""
    asked_to_report: dict[str, str] = field(default_factory=dict)
    """With what parameters it was asked to, last."""
    port: int = 0
    _server: asyncio.Server | None = None
    _tls: ssl.SSLContext | None = None
    _protocols: set[SMTP] = field(default_factory=set)

    @property
    def mails(self) -> list[EmailMessage]:
        return [email.message_from_bytes(content, policy=SMTP_POLICY) for _, content in self.taken]

    @property
    def times_taken(self) -> Counter[str]:
        """How often each Message-ID was taken."""
        return Counter(str(mail["Message-ID"]) for mail in self.mails)

    def taken_for(self, recipient: str) -> int:
        return sum(to == recipient for to, _ in self.taken)

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut every connection; `start` listens at the same port again."""
        if self._server is not None:
            self._server.close()
        for protocol in self._protocols:
            _cut(protocol)
        self._protocols.clear()
        await asyncio.sleep(0)

    @asynccontextmanager
    async def running(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[Self]:
        self._tls = tls
        await self.start()
        try:
            yield self
        finally:
            await self.stop()

    def _protocol(self) -> SMTP:
        self.connections += 1
        protocol = _Reporting(
            self,
            hostname="mail.test",
            loop=asyncio.get_running_loop(),
            tls_context=self._tls,
            require_starttls=self._tls is not None,
        )
        self._protocols.add(protocol)
        return protocol

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        own = [*(["250-DSN"] if self.reports else []), *(["250-PIPELINING"] if self.pipelining else [])]
        return [*responses[:-1], *own, responses[-1]]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuse_senders:
            return "550 5.7.1 You may not send"
        envelope.mail_from = address
        self.senders.add(address)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self.at_recipient(address)
        if self.says_to_all is not None:
            return self.says_to_all
        local = address.partition("@")[0]
        if local in AT_RECIPIENT and not self.forgiving:
            return AT_RECIPIENT[local]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        (recipient,) = envelope.rcpt_tos
        local = recipient.partition("@")[0]
        await self.at_content(recipient)
        if local in AFTER_CONTENT:
            return AFTER_CONTENT[local]
        content = envelope.content or b""
        self.taken.append((recipient, content if isinstance(content, bytes) else content.encode()))
        if local == SILENT:
            _cut(server)
        await self.after_content(recipient)
        return "250 OK"


def _cut(protocol: SMTP) -> None:
    if isinstance(protocol.transport, asyncio.Transport):
        protocol.transport.abort()
