"""Every step of a conversation with a mail server, one command at a time and pipelined (RFC 2920), on real sockets.

The server says exactly what a test tells it, in pieces of any size; it takes several commands at once or not.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiosmtplib.protocol import SMTPProtocol

from services.notifier.adapters.conversation import RecipientUnanswered
from services.notifier.adapters.smtp import MailServer, SmtpMailer
from services.notifier.domain.address import Address
from services.notifier.domain.mail import Mail
from services.notifier.ports import (
    Accepted,
    Deferred,
    MailOutcome,
    MailRefused,
    ServerAway,
    Unanswered,
    Unwelcome,
)

ANSWERS = {
    "EHLO": "250-mx.test\r\n250 ENHANCEDSTATUSCODES",
    "RSET": "250 2.0.0 OK",
    "MAIL": "250 2.1.0 OK",
    "RCPT": "250 2.1.5 OK",
    "DATA": "354 Go on",
    "content": "250 2.0.0 Taken",
    "QUIT": "221 2.0.0 Bye",
}
MAIL = Mail(
    sender=Address("no-reply@amtsweg.example"),
    recipient=Address("erika@example.org"),
    content=b".first\r\n..second\r\n\r\nlast.\r\n.\r\n",
)
PIPELINED = pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "one by one"])


@dataclass
class Script:
    """What the server says, and what it has heard. Steps are verbs in capitals, and ``content``.

    ``cut`` closes the connection when that step has come, ``cut_after`` once it has been answered; ``mute`` never answers
    it. ``only_once``: what is odd happens on the first connection only. ``lost``: a connection has ended.
    """

    pipelining: bool
    answers: Mapping[str, str] = field(default_factory=dict)
    cut: str = ""
    cut_after: str = ""
    mute: str = ""
    pieces: int = 0
    only_once: bool = False
    connections: int = 0
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    heard: list[str] = field(default_factory=list)
    reads: list[bytes] = field(default_factory=list)
    taken: list[bytes] = field(default_factory=list)

    def answer(self, step: str) -> str:
        said = ANSWERS[step]
        if not (self.only_once and self.connections > 1):
            said = self.answers.get(step, said)
        return said.replace("mx.test", "mx.test\r\n250-PIPELINING") if self.pipelining else said

    def odd(self, step: str) -> bool:
        return bool(step) and not (self.only_once and self.connections > 1)


class Speaking(asyncio.Protocol):
    def __init__(self, script: Script) -> None:
        self.script, self.rest, self.in_content, self.recipients = script, b"", False, 0
        self.silent = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.script.connections += 1
        self._say("220 mx.test")

    def connection_lost(self, exc: Exception | None) -> None:
        self.script.lost.set()

    def data_received(self, data: bytes) -> None:
        self.script.reads.append(data)
        self.rest += data
        while not (self.silent or self.transport.is_closing()):
            end = b".\r\n" if self.in_content and self.rest.startswith(b".\r\n") else b"\r\n"
            end = b"\r\n.\r\n" if self.in_content and end == b"\r\n" else end
            line, found, rest = self.rest.partition(end)
            if not found:
                return
            self.rest = rest
            self._step("content" if self.in_content else line[:4].decode(), line + b"\r\n")

    def _step(self, step: str, line: bytes) -> None:
        script = self.script
        script.heard.append(step)
        if step == script.cut and script.odd(step):
            self.transport.abort()
        elif step == script.mute:
            self.silent = True
        else:
            said = script.answer(step)
            self._keep(step, said, line)
            self._say(said)
            if step == script.cut_after and script.odd(step):
                self.transport.close()

    def _keep(self, step: str, said: str, line: bytes) -> None:
        if step == "RCPT":
            self.recipients += said.startswith("2")
        if step == "content" and self.recipients and said.startswith("2"):
            self.script.taken.append(line)
        if step in {"RSET", "content"}:
            self.recipients = 0
        self.in_content = step == "DATA" and said.startswith("354")

    def _say(self, said: str) -> None:
        answer = f"{said}\r\n".encode()
        size = self.script.pieces or len(answer)
        for at in range(0, len(answer), size):
            self.transport.write(answer[at : at + size])


@asynccontextmanager
async def speaking(script: Script, *, seconds: float = 60) -> AsyncIterator[SmtpMailer]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Speaking(script), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    mailer = SmtpMailer(
        MailServer(host="127.0.0.1", port=port, encryption="none", greeting="test", timeout=seconds)
    )
    try:
        yield mailer
    finally:
        await mailer.close()
        server.close()


async def offered(mailer: SmtpMailer, mail: Mail = MAIL) -> MailOutcome | type[Exception]:
    async def agree() -> bool:
        return True

    try:
        return await mailer.hand_over(mail, before_content=agree)
    except ServerAway as away:
        return type(away)


async def test_the_envelope_is_one_write_where_the_server_takes_it_together() -> None:
    script = Script(pipelining=True)
    async with speaking(script) as mailer:
        assert [await offered(mailer) for _ in range(2)] == [Accepted(), Accepted()]
    envelope = b"MAIL FROM:<no-reply@amtsweg.example>\r\nRCPT TO:<erika@example.org>\r\nDATA\r\n"
    content = MAIL.content.replace(b"\r\n.", b"\r\n..").replace(b".first", b"..first") + b".\r\n"
    assert script.reads == [
        b"EHLO test\r\n",
        envelope,
        content,
        b"RSET\r\n" + envelope,
        content,
        b"QUIT\r\n",
    ]
    assert script.connections == 1


async def test_a_server_that_does_not_say_so_is_told_one_command_at_a_time() -> None:
    script = Script(pipelining=False)
    async with speaking(script) as mailer:
        assert await offered(mailer) == Accepted()
    assert [read[:4] for read in script.reads] == [b"EHLO", b"MAIL", b"RCPT", b"DATA", b"..fi", b"QUIT"]


REFUSALS = [
    ("MAIL", "550 5.7.1 Not you", ServerAway),
    ("MAIL", "451 4.3.0 Not now", ServerAway),
    ("RCPT", "550 5.1.1 Nobody", MailRefused(550)),
    ("RCPT", "450 4.2.1 Busy", Deferred(450)),
    ("RCPT", "550 5.7.1 Relaying denied", Unwelcome(550)),
    ("RCPT", "421 4.3.2 Closing", ServerAway),
    ("RCPT", "354 Confused", ServerAway),
    ("DATA", "451 4.3.1 Full", Deferred(451, bounded=False)),
    ("DATA", "554 5.7.1 No", Unwelcome(554)),
    ("DATA", "421 4.3.2 Closing", ServerAway),
    ("DATA", "250 2.0.0 Confused", ServerAway),
    ("DATA", "no answer at all", ServerAway),
    ("content", "451 4.3.1 Full", Deferred(451, bounded=False)),
    ("content", "554 5.7.1 Spam", Unwelcome(554)),
    ("content", "354 Confused", Unanswered()),
    ("content", "no answer at all", Unanswered()),
]


@pytest.mark.parametrize("pieces", [0, 1])
@pytest.mark.parametrize(("step", "answer", "outcome"), REFUSALS)
@PIPELINED
async def test_a_refusal_means_the_same_wherever_it_comes_and_the_next_mail_passes(
    *, pipelining: bool, step: str, answer: str, outcome: object, pieces: int
) -> None:
    script = Script(pipelining=pipelining, answers={step: answer}, pieces=pieces)
    async with speaking(script) as mailer:
        assert await offered(mailer) == outcome
        assert script.taken == []
        script.answers = {}
        assert await offered(mailer) == Accepted()
    plain = outcome is not ServerAway and outcome != Unanswered()
    assert (len(script.taken), script.connections) == (1, 1 if plain else 2)


@pytest.mark.parametrize(
    ("data", "used_again"),
    [
        ("354 Go on", True),
        ("503 5.5.1 No recipient", True),
        ("554 5.5.1 No valid recipients", True),
        ("421 4.3.2 Closing", False),
        ("250 2.0.0 Confused", False),
        ("no answer at all", False),
    ],
)
async def test_whatever_is_said_behind_a_refused_recipient_the_refusal_stands(
    *, data: str, used_again: bool
) -> None:
    script = Script(pipelining=True, answers={"RCPT": "550 5.1.1 Nobody", "DATA": data})
    async with speaking(script) as mailer:
        assert await offered(mailer) == MailRefused(550)
        script.answers = {}
        assert await offered(mailer) == Accepted()
    assert (len(script.taken), script.connections) == (1, 1 if used_again else 2)


async def test_content_that_is_awaited_without_a_recipient_is_none() -> None:
    """RFC 2920 section 3.1: a single dot; with a recipient it would be an empty mail, so that the connection is cut."""
    nobody = {"RCPT": "550 5.1.1 Nobody", "content": "554 5.5.1 No valid recipients"}
    script = Script(pipelining=True, answers=nobody)
    async with speaking(script) as mailer:
        assert await offered(mailer) == MailRefused(550)
        assert script.reads[-1] == b".\r\n"
    script = Script(pipelining=True, answers={"MAIL": "550 5.7.1 Not you"})
    async with speaking(script) as mailer:
        assert await offered(mailer) is ServerAway
    assert (script.taken, script.reads[-1][:4]) == ([], b"MAIL")


@pytest.mark.parametrize("step", ["EHLO", "MAIL", "RCPT", "DATA", "content"])
@PIPELINED
async def test_a_connection_that_is_cut_at_a_step_leaves_unknown_only_what_was_begun(
    *, pipelining: bool, step: str
) -> None:
    script = Script(pipelining=pipelining, cut=step, only_once=True)
    async with speaking(script) as mailer:
        assert await offered(mailer) == (Unanswered() if step == "content" else ServerAway)
        assert await offered(mailer) == Accepted()
    assert (len(script.taken), script.connections) == (1, 2)


@pytest.mark.parametrize("step", ["EHLO", "MAIL", "RCPT", "DATA"])
@PIPELINED
async def test_a_connection_that_is_cut_behind_an_answer_hands_nothing_over(
    *, pipelining: bool, step: str
) -> None:
    script = Script(pipelining=pipelining, cut_after=step, only_once=True)
    async with speaking(script) as mailer:
        assert await offered(mailer) in ([ServerAway, Unanswered()] if step == "DATA" else [ServerAway])
        assert script.taken == []
        assert await offered(mailer) == Accepted()


@pytest.mark.parametrize("how", ["cut", "cut_after", "answers"])
@PIPELINED
async def test_a_server_that_has_hung_up_meanwhile_costs_no_mail(*, pipelining: bool, how: str) -> None:
    script = Script(pipelining=pipelining)
    async with speaking(script) as mailer:
        assert await offered(mailer) == Accepted()
        script.only_once = True
        odd = {"RSET": "421 4.4.2 Too long"} if how == "answers" else "RSET" if how == "cut" else "content"
        setattr(script, how, odd)
        if how == "cut_after":
            assert await offered(mailer) == Accepted()
        assert await offered(mailer) == Accepted()
    assert len(script.taken) == (3 if how == "cut_after" else 2)
    assert script.connections == 2


@pytest.mark.parametrize("step", ["EHLO", "RSET", "MAIL", "RCPT", "DATA", "content"])
@PIPELINED
async def test_only_who_is_silent_about_the_recipient_may_be_kept_waiting_by_their_server(
    *, pipelining: bool, step: str
) -> None:
    script = Script(pipelining=pipelining)
    async with speaking(script, seconds=0.2) as mailer:
        if step == "RSET":
            assert await offered(mailer) == Accepted()
        script.mute = step
        told = {"RCPT": RecipientUnanswered, "content": Unanswered()}
        assert await offered(mailer) == told.get(step, ServerAway)
        script.mute = ""
        assert await offered(mailer) == Accepted()


@PIPELINED
async def test_what_nobody_asked_for_answers_no_later_command(*, pipelining: bool) -> None:
    script = Script(pipelining=pipelining, answers={"content": "250 2.0.0 Taken\r\n550 5.1.1 Nobody"})
    async with speaking(script) as mailer:
        outcomes = [await offered(mailer) for _ in range(3)]
    assert (outcomes, len(script.taken)) == ([Accepted()] * 3, 3)


@PIPELINED
async def test_once_the_server_is_greeted_nothing_hangs_on_what_the_library_keeps_to_itself(
    monkeypatch: pytest.MonkeyPatch, *, pipelining: bool
) -> None:
    script = Script(pipelining=pipelining)
    async with speaking(script) as mailer:
        assert await offered(mailer) == Accepted()
        for private in [name for name in vars(SMTPProtocol) if not name.startswith("__")]:
            monkeypatch.delattr(SMTPProtocol, private)
        assert await offered(mailer) == Accepted()
    assert (len(script.taken), script.connections, script.heard[-1]) == (2, 1, "QUIT")


@pytest.mark.parametrize(
    "answer", ["no code", "25", "250-" + "x" * 40_000, "250-and so on\r\n" * 4000 + "250 OK"]
)
async def test_an_answer_that_cannot_be_read_or_has_no_end_takes_nothing_over(answer: str) -> None:
    script = Script(pipelining=True, answers={"MAIL": answer}, only_once=True)
    async with speaking(script) as mailer:
        assert [await offered(mailer), await offered(mailer)] == [ServerAway, Accepted()]
    assert (len(script.taken), script.connections) == (1, 2)


async def test_a_line_break_in_an_address_reaches_no_server() -> None:
    script = Script(pipelining=True)
    async with speaking(script) as mailer:
        with pytest.raises(ValueError, match="control character"):
            await offered(
                mailer, replace(MAIL, recipient=Address("a@example.org>\r\nRCPT TO:<b@example.org"))
            )
    assert script.heard == ["EHLO"]


@pytest.mark.parametrize("content", [b"no end", b"a\n.\r\n", b"a\r.\r\n", b"a\r\n\n"])
async def test_content_whose_lines_end_in_another_way_reaches_no_server(content: bytes) -> None:
    """What one server reads as a line another may read as the end of the mail."""
    script = Script(pipelining=True)
    async with speaking(script) as mailer:
        with pytest.raises(ValueError, match="CRLF"):
            await offered(mailer, replace(MAIL, content=content))
    assert script.heard == ["EHLO"]


async def test_who_is_cancelled_while_the_server_is_greeted_leaves_no_connection_open() -> None:
    script = Script(pipelining=True, mute="EHLO")
    async with speaking(script) as mailer:
        offering = asyncio.create_task(offered(mailer))
        async with asyncio.timeout(20):
            while "EHLO" not in script.heard:  # noqa: ASYNC110 - the server notes it
                await asyncio.sleep(0)
            offering.cancel()
            await asyncio.wait({offering})
            await script.lost.wait()
