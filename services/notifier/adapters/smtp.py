"""A mail server, through a few connections that are used again, each for a limited number of mails."""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import aiosmtplib

from services.notifier.domain.mail import Mail
from services.notifier.ports import (
    Accepted,
    Deferred,
    MailOutcome,
    MailRefused,
    ServerAway,
    Unanswered,
    Unwelcome,
    Withdrawn,
)


class RecipientUnanswered(ServerAway):
    """The server did not say in time whether it takes this recipient; their own server may keep it waiting."""


Encryption = Literal["none", "starttls", "tls"]

_SERVICE_NOT_AVAILABLE = 421  # RFC 5321 section 4.2.3: the server closes the connection
_SENDERS_ADDRESS = frozenset({7, 8})  # X.1.7, X.1.8: our own address is refused (RFC 3463 section 3.2)
_AMBIGUOUS = frozenset({550, 551, 553})
_ENHANCED = re.compile(r"([245])\.([0-9]{1,3})\.([0-9]{1,3})(?![0-9])")
_ADDRESS, _MAILBOX = 1, 2
_REPORT = ("RET=HDRS",)  # RFC 3461 section 4.3: a report brings no content back
_REPORTED_ON = ("NOTIFY=SUCCESS,FAILURE,DELAY",)  # section 4.1
_AWAY = (aiosmtplib.SMTPException, OSError)  # OSError: refused, reset, timed out, TLS not trusted


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where the server is and how we present ourselves. ``timeout`` in seconds, for each of its answers."""

    host: str
    port: int
    encryption: Encryption
    greeting: str
    ca_file: Path | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = 30.0


@dataclass(slots=True)
class _Connection:
    client: aiosmtplib.SMTP
    mails: int = 0


class SmtpMailer:
    """The `Mailer`: at most ``connections`` at a time, a new one after ``mails_per_connection``."""

    def __init__(self, server: MailServer, *, connections: int = 8, mails_per_connection: int = 50) -> None:
        self._server = server
        self._mails_per_connection = mails_per_connection
        self._free = asyncio.Semaphore(connections)
        self._idle: list[_Connection] = []
        self._tls = None if server.encryption == "none" else ssl.create_default_context(cafile=server.ca_file)

    async def hand_over(self, mail: Mail, *, before_content: Callable[[], Awaitable[bool]]) -> MailOutcome:
        async with self._free:
            connection = await self._connection()
            reusable = False
            try:
                answer = await _transact(connection.client, mail, before_content)
                connection.mails += 1
                reusable = not isinstance(answer, Unanswered)
            finally:
                # Whatever went wrong, also our own cancellation: the conversation is out of step.
                if not reusable or connection.mails >= self._mails_per_connection:
                    await _leave(connection.client, politely=reusable)
                else:
                    self._idle.append(connection)
        return answer

    async def close(self) -> None:
        """Say goodbye on every idle connection."""
        while self._idle:
            await _leave(self._idle.pop().client, politely=True)

    async def _connection(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            try:
                await connection.client.rset()  # also finds out whether the server has hung up meanwhile
            except _AWAY:
                await _leave(connection.client, politely=False)
            else:
                return connection
        return _Connection(await self._connect())

    async def _connect(self) -> aiosmtplib.SMTP:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            local_hostname=server.greeting,
            timeout=server.timeout,
            use_tls=server.encryption == "tls",
            start_tls=server.encryption == "starttls",
            tls_context=self._tls,
            username=server.username,
            password=server.password,
        )
        try:
            await client.connect()
        except _AWAY as away:
            raise ServerAway(f"mail server {server.host}:{server.port}: {_reason(away)}") from away
        return client


async def _transact(
    client: aiosmtplib.SMTP, mail: Mail, before_content: Callable[[], Awaitable[bool]]
) -> MailOutcome:
    reported = mail.envelope_id is not None and client.supports_extension("dsn")
    try:
        await client.mail(mail.sender, options=(*_REPORT, f"ENVID={mail.envelope_id}") if reported else ())
        await client.rcpt(mail.recipient, options=_REPORTED_ON if reported else ())
    except aiosmtplib.SMTPRecipientRefused as refused:
        if refused.code == _SERVICE_NOT_AVAILABLE:
            raise ServerAway("the mail server is closing down") from None
        return judged(refused.code, refused.message)  # the error holds the address: it goes no further
    except aiosmtplib.SMTPReadTimeoutError:
        raise RecipientUnanswered("the mail server did not answer before the content") from None
    except _AWAY as away:  # a refused sender too: that is our mistake, not this mail's
        raise ServerAway(f"the mail server broke off before the content: {_reason(away)}") from None
    if not await before_content():
        return Withdrawn()
    try:
        await client.data(mail.content)
    except aiosmtplib.SMTPDataError as refused:
        return judged(refused.code, refused.message)
    except _AWAY:
        return Unanswered()
    return Accepted()


def judged(code: int, text: str) -> MailOutcome:
    """Read a reply: the first digit says whether it is final, the enhanced code whose fault it is (RFC 3463).

    Only an address or a mailbox that the server knows (X.1.Y, X.2.Y) is the recipient's fault. Without an
    enhanced code 550, 551 and 553 may mean a missing mailbox or a relay that refuses us: nobody can tell, so
    that the mail waits and is given up after the usual time. Everything else is between the server and us.
    """
    enhanced = _ENHANCED.match(text.strip())
    subject, detail = (int(enhanced[2]), int(enhanced[3])) if enhanced else (None, 0)
    recipients = subject == _MAILBOX or (subject == _ADDRESS and detail not in _SENDERS_ADDRESS)
    match code // 100:
        case 2:
            return Accepted()
        case 4:
            return Deferred(code, bounded=recipients or subject is None)
        case 5 if recipients:
            return MailRefused(code)
        case 5 if subject is None and code in _AMBIGUOUS:
            return Deferred(code)
        case 5:
            return Unwelcome(code)
    return Unanswered()


async def _leave(client: aiosmtplib.SMTP, *, politely: bool) -> None:
    if politely:
        with suppress(*_AWAY):
            await client.quit(timeout=1)
    client.close()


def _reason(error: Exception) -> str:
    code = getattr(error, "code", None)
    return type(error).__name__ if code is None else f"{type(error).__name__} {code}"
