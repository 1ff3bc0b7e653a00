"""A mail server, through a few connections that are used again, each for a limited number of mails."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import aiosmtplib

from services.notifier.adapters.conversation import AWAY, Conversation, HungUp, reason
from services.notifier.domain.mail import Mail
from services.notifier.ports import MailOutcome, ServerAway

Encryption = Literal["none", "starttls", "tls"]


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


class SmtpMailer:
    """The `Mailer`: at most ``connections`` at a time, a new one after ``mails_per_connection``."""

    def __init__(self, server: MailServer, *, connections: int = 8, mails_per_connection: int = 50) -> None:
        self._server = server
        self._mails_per_connection = mails_per_connection
        self._free = asyncio.Semaphore(connections)
        self._idle: list[Conversation] = []
        self._tls = None if server.encryption == "none" else ssl.create_default_context(cafile=server.ca_file)

    async def hand_over(self, mail: Mail, *, before_content: Callable[[], Awaitable[bool]]) -> MailOutcome:
        async with self._free:
            while True:
                conversation = self._idle.pop() if self._idle else await self._connect()
                try:
                    return await conversation.hand_over(mail, before_content=before_content)
                except HungUp:
                    continue
                finally:
                    await self._put_back(conversation)

    async def close(self) -> None:
        """Say goodbye on every idle connection."""
        while self._idle:
            await self._idle.pop().leave()

    async def _put_back(self, conversation: Conversation) -> None:
        """Whatever went wrong, also our own cancellation: what is out of step is used no more."""
        if conversation.in_step and conversation.mails < self._mails_per_connection:
            self._idle.append(conversation)
        else:
            await conversation.leave()

    async def _connect(self) -> Conversation:
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
            return await Conversation.begun(client, seconds=server.timeout)
        except AWAY as away:
            client.close()
            raise ServerAway(f"mail server {server.host}:{server.port}: {reason(away)}") from away
        except BaseException:  # our own cancellation: nobody else knows of this connection
            client.close()
            raise
