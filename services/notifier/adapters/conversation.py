"""One mail on an open connection: its envelope in one write where the server allows it (RFC 2920), then its content.

Until the content is begun nothing is handed over, whatever happens: a server that loses the connection before the
content's end throws away what it has (RFC 5321 section 4.1.1.4).
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

import aiosmtplib

from services.notifier.adapters.replies import Replies, SmtpReply
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

AWAY = (aiosmtplib.SMTPException, OSError)
"""OSError: refused, reset, timed out, TLS not trusted."""

_SERVICE_NOT_AVAILABLE = 421  # RFC 5321 section 4.2.3: the server closes the connection
_GO_ON = 354
_SENDERS_ADDRESS = frozenset({7, 8})  # X.1.7, X.1.8: our own address is refused (RFC 3463 section 3.2)
_AMBIGUOUS = frozenset({550, 551, 553})
_ENHANCED = re.compile(r"([245])\.([0-9]{1,3})\.([0-9]{1,3})(?![0-9])")
_ADDRESS, _MAILBOX = 1, 2
_REPORT = " RET=HDRS ENVID="  # RFC 3461 section 4.3: a report brings no content back
_REPORTED_ON = " NOTIFY=SUCCESS,FAILURE,DELAY"  # section 4.1


class RecipientUnanswered(ServerAway):
    """The server did not say in time whether it takes this recipient; their own server may keep it waiting."""


class HungUp(Exception):  # noqa: N818 - what the server did, in the project's vocabulary
    """The server had closed the connection since it was used last."""


@dataclass(slots=True, kw_only=True)
class Conversation:
    """An open connection. ``seconds`` for each of the server's answers.

    ``together``: the server takes several commands at once. ``reports``: it can report on delivery (RFC 3461).
    ``in_step``: the next mail may use it.
    """

    client: aiosmtplib.SMTP
    replies: Replies
    seconds: float
    together: bool
    reports: bool
    mails: int = 0
    in_step: bool = True

    @classmethod
    async def begun(cls, client: aiosmtplib.SMTP, *, seconds: float) -> Self:
        """Greet the server, unless it has been, and go on from there.

        Raises:
            aiosmtplib.SMTPException: it has hung up, or does not answer as it should.
        """
        if client.is_ehlo_or_helo_needed:
            try:
                await client.ehlo()
            except aiosmtplib.SMTPHeloError:
                await client.helo()
        transport = client.transport
        if transport is None:
            raise aiosmtplib.SMTPServerDisconnected("the connection is lost")
        return cls(
            client=client,
            replies=Replies(transport),
            seconds=seconds,
            together=client.supports_extension("pipelining"),
            reports=client.supports_extension("dsn"),
        )

    async def hand_over(self, mail: Mail, *, before_content: Callable[[], Awaitable[bool]]) -> MailOutcome:
        """Offer the mail; ask ``before_content`` when the server waits for the content.

        Raises:
            HungUp: at once, on a connection that was used before.
            ServerAway: nothing was handed over.
        """
        self.in_step = False  # until this mail has come to its end
        content = _framed(mail.content)
        refused = await self._envelope(self._commands(mail))
        self.mails += 1
        if refused is not None:
            return refused
        if not await before_content():
            return Withdrawn()  # now only a connection that is lost takes the mail back
        try:
            self.replies.give(content)
        except AWAY as away:
            raise ServerAway(f"the mail server broke off before the content: {reason(away)}") from None
        try:
            outcome = judged(*await self.replies.reply(self.seconds))
        except AWAY:
            return Unanswered()
        self.in_step = not isinstance(outcome, Unanswered)
        return outcome

    async def leave(self) -> None:
        """Close the connection, politely where it is in step."""
        if self.in_step:
            with suppress(*AWAY):
                self.replies.ask("QUIT")
                await self.replies.reply(1)
        self.client.close()

    def _commands(self, mail: Mail) -> Sequence[str]:
        reported = mail.envelope_id is not None and self.reports
        return [
            *(["RSET"] if self.mails else []),  # it also finds out whether the server has hung up meanwhile
            f"MAIL FROM:<{mail.sender}>" + (f"{_REPORT}{mail.envelope_id}" if reported else ""),
            f"RCPT TO:<{mail.recipient}>" + (_REPORTED_ON if reported else ""),
            "DATA",
        ]

    async def _envelope(self, commands: Sequence[str]) -> MailOutcome | None:
        """None: the server waits for the content. Else what it said of the recipient or of the content to come."""
        for at, command in enumerate(commands):
            if at == 0 or not self.together:
                self._ask(*(commands if self.together else [command]))
            code, text = await self._answer(command)
            match command[:4], code // 100:
                case "DATA", _ if code == _GO_ON:
                    return None
                case "RSET" | "MAIL" | "RCPT", 2:
                    continue
                case "RCPT" | "DATA", 4 | 5:
                    self.in_step = not self.together or command == "DATA" or await self._without_recipient()
                    return judged(code, text)
            # A refused sender is our mistake, not this mail's; the rest is no answer to what we asked.
            raise ServerAway(f"the mail server answered {command[:4]} with {code}")
        raise AssertionError("DATA is the last command")

    async def _without_recipient(self) -> bool:
        """End what was asked for along with a refused recipient; False: the connection cannot be used any more.

        A server may wait for content all the same; it gets none (RFC 2920 section 3.1).
        """
        try:
            code, _ = await self.replies.reply(self.seconds)
            if code == _GO_ON:
                self.replies.give(_framed(b""))
                await self.replies.reply(self.seconds)
                return True
        except AWAY:
            return False
        return code // 100 in {4, 5} and code != _SERVICE_NOT_AVAILABLE

    def _ask(self, *commands: str) -> None:
        try:
            self.replies.ask(*commands)
        except AWAY:
            raise HungUp if self.mails else ServerAway("the mail server has hung up") from None

    async def _answer(self, command: str) -> SmtpReply:
        verb = command[:4]
        try:
            answer = await self.replies.reply(self.seconds)
        except aiosmtplib.SMTPReadTimeoutError:
            late = RecipientUnanswered if verb == "RCPT" else ServerAway
            raise late(f"the mail server did not answer {verb}") from None
        except AWAY as away:
            if verb == "RSET":
                raise HungUp from None
            raise ServerAway(f"the mail server broke off before the content: {reason(away)}") from None
        if answer.code == _SERVICE_NOT_AVAILABLE:
            raise HungUp if verb == "RSET" else ServerAway("the mail server is closing down")
        return answer


def _framed(content: bytes) -> bytes:
    """The content with its end; no line of its own is one (RFC 5321 section 4.5.2), and no line ends in another way."""
    ends = content.count(b"\r\n")
    if not content.endswith(b"\r\n"[: len(content)]) or {content.count(b"\r"), content.count(b"\n")} != {
        ends
    }:
        raise ValueError("a line of the mail does not end with CRLF")
    return (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"


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


def reason(error: Exception) -> str:
    """What an error of the library says without its text, which may hold an address."""
    code = getattr(error, "code", None)
    return type(error).__name__ if code is None else f"{type(error).__name__} {code}"
