"""What a mailer promises: held against the fake of the component tests and against a real mail server."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Protocol

import pytest

from services.notifier.adapters.smtp import MailServer as Address
from services.notifier.adapters.smtp import SmtpMailer
from services.notifier.domain.address import Address as Recipient
from services.notifier.domain.mail import Mail
from services.notifier.ports import (
    Accepted,
    Deferred,
    Mailer,
    MailOutcome,
    MailRefused,
    ServerAway,
    StoreAway,
    Unanswered,
    Unwelcome,
    Withdrawn,
)
from tests.support.fake_mailer import FakeMailer
from tests.support.mail_server import MailServer
from tests.support.mails import mail, message


class Subject(Protocol):
    """A mailer, what its server has taken, and ways to spoil the server's day."""

    @property
    def mailer(self) -> Mailer: ...

    @property
    def taken(self) -> list[tuple[str, bytes]]: ...

    async def go_away(self) -> None: ...

    async def come_back(self) -> None: ...

    def refuse_senders(self) -> None: ...


@dataclass
class Fake:
    mailer: FakeMailer = field(default_factory=FakeMailer)

    @property
    def taken(self) -> list[tuple[str, bytes]]:
        return self.mailer.taken

    async def go_away(self) -> None:
        self.mailer.away = True

    async def come_back(self) -> None:
        self.mailer.away = False

    def refuse_senders(self) -> None:
        self.mailer.refuse_senders = True


@dataclass
class Real:
    mailer: SmtpMailer
    server: MailServer

    @property
    def taken(self) -> list[tuple[str, bytes]]:
        return self.server.taken

    async def go_away(self) -> None:
        await self.server.stop()

    async def come_back(self) -> None:
        await self.server.start()

    def refuse_senders(self) -> None:
        self.server.refuse_senders = True


@pytest.fixture(params=["fake", "real", "pipelined"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "fake":
        yield Fake()
        return
    async with MailServer(pipelining=request.param == "pipelined").running() as server:
        address = Address(
            host="127.0.0.1", port=server.port, encryption="none", greeting="amtsweg.example", timeout=2
        )
        mailer = SmtpMailer(address, connections=2)
        yield Real(mailer, server)
        await mailer.close()


def mail_to(local: str) -> Mail:
    return replace(mail(message("receipt")), recipient=Recipient(f"{local}@example.org"))


async def offer(subject: Subject, local: str, *, agreed: bool = True) -> tuple[MailOutcome, int]:
    """Offer a mail; return the answer and how often we were asked before the content."""
    asked = 0

    async def before_content() -> bool:
        nonlocal asked
        asked += 1
        assert mail_to(local).recipient not in [to for to, _ in subject.taken]
        return agreed

    return await subject.mailer.hand_over(mail_to(local), before_content=before_content), asked


async def test_an_accepted_mail_arrives_once_and_unchanged(subject: Subject) -> None:
    assert await offer(subject, "erika") == (Accepted(), 1)
    assert subject.taken == [("erika@example.org", mail_to("erika").content)]


@pytest.mark.parametrize(
    ("local", "answer", "asked"),
    [
        ("busy", Deferred(450), 0),
        ("gone", MailRefused(550), 0),
        ("disabled", MailRefused(550), 0),
        ("perhaps-gone", Deferred(550), 0),
        ("relay-denied", Unwelcome(550), 0),
        ("no-starttls", Unwelcome(530), 0),
        ("listed", Unwelcome(554), 0),
        ("later", Deferred(451), 1),
        ("spam", Unwelcome(554), 1),
        ("full-disk", Deferred(451, bounded=False), 1),
        ("greylisted", Deferred(450, bounded=False), 0),
    ],
)
async def test_a_refusal_is_certain_and_says_whether_it_is_final_and_whose_fault(
    subject: Subject, local: str, answer: MailOutcome, asked: int
) -> None:
    assert await offer(subject, local) == (answer, asked)
    assert subject.taken == []


async def test_a_connection_lost_after_the_content_leaves_the_outcome_unknown(subject: Subject) -> None:
    assert await offer(subject, "silence") == (Unanswered(), 1)


async def test_a_withdrawn_mail_is_not_handed_over(subject: Subject) -> None:
    assert await offer(subject, "erika", agreed=False) == (Withdrawn(), 1)
    assert subject.taken == []


async def test_an_error_before_the_content_passes_and_nothing_is_handed_over(subject: Subject) -> None:
    async def store_is_away() -> bool:
        raise StoreAway("PostgreSQL is away")

    with pytest.raises(StoreAway):
        await subject.mailer.hand_over(mail_to("erika"), before_content=store_is_away)
    assert subject.taken == []


async def test_a_server_that_is_closing_down_is_away(subject: Subject) -> None:
    with pytest.raises(ServerAway):
        await offer(subject, "closing")


async def test_a_server_that_refuses_us_is_away_and_the_mail_is_not_to_blame(subject: Subject) -> None:
    subject.refuse_senders()
    with pytest.raises(ServerAway):
        await offer(subject, "erika")


async def test_a_server_that_comes_back_takes_mails_again(subject: Subject) -> None:
    await offer(subject, "anna")
    await subject.go_away()
    with pytest.raises(ServerAway):
        await offer(subject, "erika")
    await subject.come_back()
    assert await offer(subject, "erika") == (Accepted(), 1)


@pytest.mark.parametrize("before", ["busy", "gone", "later", "spam", "silence", "closing"])
async def test_whatever_happened_to_one_mail_the_next_one_passes(subject: Subject, before: str) -> None:
    try:
        await offer(subject, before)
    except ServerAway:
        assert before == "closing"
    assert await offer(subject, "erika") == (Accepted(), 1)


@pytest.mark.parametrize("offered", [True, False])
async def test_a_server_that_can_report_on_delivery_is_asked_to_and_no_other(*, offered: bool) -> None:
    """RFC 3461: whoever does not offer it would refuse the mail. What comes back comes without content."""
    envelope = replace(mail_to("erika"), envelope_id="0f" * 16)
    async with MailServer(reports=offered).running() as server:
        mailer = SmtpMailer(Address(host="127.0.0.1", port=server.port, encryption="none", greeting="test"))
        for _ in range(2):  # the second one on the same connection
            assert await mailer.hand_over(envelope, before_content=agree) == Accepted()
        await mailer.close()
    asked = {"RET": "HDRS", "ENVID": "0F" * 16, "NOTIFY": "SUCCESS,FAILURE,DELAY"}
    assert server.asked_to_report == (asked if offered else {})


async def test_a_report_is_asked_for_only_where_it_is_read() -> None:
    async with MailServer(reports=True).running() as server:
        mailer = SmtpMailer(Address(host="127.0.0.1", port=server.port, encryption="none", greeting="test"))
        assert await mailer.hand_over(mail_to("erika"), before_content=agree) == Accepted()
        await mailer.close()
    assert server.asked_to_report == {}


async def agree() -> bool:
    return True
