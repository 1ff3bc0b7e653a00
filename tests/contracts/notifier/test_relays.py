"""Two mail servers in order, on real sockets: the second carries what the first cannot, and never what it may have."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from services.notifier.adapters.relays import Relay, RelayChain
from services.notifier.adapters.smtp import MailServer as Address
from services.notifier.adapters.smtp import SmtpMailer
from services.notifier.domain.address import Address as Recipient
from services.notifier.domain.token_bucket import Pace
from services.notifier.ports import (
    Accepted,
    Deferred,
    HeldBack,
    MailOutcome,
    MailRefused,
    ServerAway,
    Unanswered,
    Unwelcome,
)
from shared.telemetry.health import Health
from tests.contracts.notifier.test_conversation import Script, speaking
from tests.support.mail_server import MailServer
from tests.support.mails import mail, message

LIMIT = 5


@dataclass
class Two:
    first: MailServer
    second: MailServer
    chain: RelayChain
    health: Health
    now: list[float] = field(default_factory=lambda: [0.0])

    async def offer(self, local: str, *, at: str = "example.org") -> MailOutcome:
        async def agree() -> bool:
            return True

        return await self.chain.hand_over(
            replace(mail(message("receipt")), recipient=Recipient(f"{local}@{at}")),
            before_content=agree,
        )

    @property
    def standing(self) -> str:
        return self.health.part("mail servers").standing

    @property
    def reason(self) -> str:
        return self.health.part("mail servers").reason


def relay(server: MailServer, **changes: object) -> Relay:
    address = Address(
        host="127.0.0.1", port=server.port, encryption="none", greeting="amtsweg.example", timeout=2
    )
    return Relay(f"127.0.0.1:{server.port}", SmtpMailer(replace(address, **changes), connections=2))  # type: ignore[arg-type] # fields by name


@pytest.fixture
async def two() -> AsyncIterator[Two]:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(MailServer().running())
        second = await stack.enter_async_context(MailServer().running())
        health, now = Health(), [0.0]
        chain = RelayChain(
            [relay(server) for server in (first, second)],
            monotonic=lambda: now[0],
            condition=health.part("mail servers"),
        )
        stack.push_async_callback(chain.close)
        yield Two(first, second, chain, health, now)


async def test_while_the_first_works_the_second_hears_nothing(two: Two) -> None:
    assert [await two.offer(local) for local in ("erika", "gone", "busy")] == [
        Accepted(),
        MailRefused(550),
        Deferred(450),
    ]
    assert (len(two.first.taken), two.second.connections, two.standing) == (1, 0, "ready")


async def test_an_outage_of_the_first_switches_to_the_second_and_back(two: Two) -> None:
    await two.first.stop()
    assert [await two.offer("erika") for _ in range(LIMIT)] == [Accepted()] * LIMIT
    assert (len(two.second.taken), two.standing) == (LIMIT, "degraded")
    await two.first.start()
    assert await two.offer("anna") == Accepted()  # still left alone
    assert two.first.taken == []
    two.now[0] += 3600
    assert await two.offer("anna") == Accepted()
    assert (len(two.first.taken), two.standing) == (1, "ready")


@pytest.mark.parametrize("answer", ["550 5.7.1 Relaying denied", "530 5.7.0 Must issue STARTTLS first"])
async def test_a_first_that_refuses_us_is_passed_over_for_the_same_mail(two: Two, answer: str) -> None:
    two.first.says_to_all = answer
    assert await two.offer("erika") == Accepted()
    assert (two.first.taken, len(two.second.taken)) == ([], 1)


async def test_a_first_that_puts_off_everybody_is_left_alone(two: Two) -> None:
    two.first.says_to_all = "451 4.3.1 System storage is full"
    outcomes = [await two.offer("person", at=f"town-{number}.example") for number in range(LIMIT + 1)]
    assert outcomes == [Deferred(451, bounded=False)] * LIMIT + [Accepted()]
    assert two.standing == "degraded"


async def test_one_domain_that_is_put_off_takes_no_server_from_the_others(two: Two) -> None:
    for server in (two.first, two.second):
        server.says_to_all = "451 4.7.1 Greylisted"
    outcomes = [await two.offer(f"person-{number}") for number in range(2 * LIMIT)]
    for server in (two.first, two.second):
        server.says_to_all = None
    assert outcomes == [Deferred(451, bounded=False)] * 2 * LIMIT
    assert (await two.offer("anna", at="town.example"), len(two.first.taken)) == (Accepted(), 1)
    assert (two.standing, two.second.connections) == ("ready", 0)


async def test_one_domain_that_keeps_both_servers_waiting_takes_none_from_the_others(two: Two) -> None:
    go_on = asyncio.Event()

    async def keep_waiting(recipient: str) -> None:
        if recipient.endswith("@slow.example"):
            await go_on.wait()

    relays = [relay(server, timeout=0.2) for server in (two.first, two.second)]
    two.chain = RelayChain(
        relays,
        monotonic=lambda: two.now[0],
        condition=two.health.part("mail servers"),
    )
    for server in (two.first, two.second):
        server.at_recipient = keep_waiting
    for _ in range(LIMIT + 1):
        with pytest.raises(ServerAway):
            await two.offer("erika", at="slow.example")
    assert two.standing == "degraded"  # nobody has had a mail, whoever is to blame
    go_on.set()
    for each, server in zip(relays, (two.first, two.second), strict=True):
        await each.mailer.close()
        each.mailer = relay(server, timeout=30).mailer
    assert (await two.offer("anna"), len(two.first.taken)) == (Accepted(), 1)
    await two.chain.close()


async def test_what_the_first_may_have_taken_goes_through_no_other(two: Two) -> None:
    assert await two.offer("silence") == Unanswered()
    assert (len(two.first.taken), two.second.connections) == (1, 0)


async def test_a_mail_that_both_relays_refuse_is_reported_as_unwelcome(two: Two) -> None:
    for server in (two.first, two.second):
        server.says_to_all = "550 5.7.1 Relaying denied"
    assert await two.offer("erika") == Unwelcome(550)
    for server in (two.first, two.second):
        await server.stop()
    with pytest.raises(ServerAway):
        await two.offer("erika")


async def test_a_first_without_starttls_gets_no_mail(two: Two) -> None:
    health = Health()
    chain = RelayChain(
        [relay(two.first, encryption="starttls"), relay(two.second)],
        monotonic=lambda: 0.0,
        condition=health.part("mail servers"),
    )
    two.chain = chain
    assert await two.offer("erika") == Accepted()
    assert two.first.taken == []
    await chain.close()


@pytest.mark.parametrize("step", ["EHLO", "MAIL", "RCPT", "DATA", "content"])
async def test_a_first_that_hangs_anywhere_is_passed_over_although_all_mails_are_for_one_domain(
    two: Two, step: str
) -> None:
    hanging = Script(pipelining=True, mute=step)
    async with speaking(hanging, seconds=0.1) as mailer:
        two.chain = RelayChain(
            [Relay("hanging", mailer), relay(two.second)],
            monotonic=lambda: two.now[0],
            condition=two.health.part("mail servers"),
        )
        expected = Unanswered() if step == "content" else Accepted()
        assert [await two.offer("erika") for _ in range(LIMIT)] == [expected] * LIMIT
        asked = len(hanging.heard)
        assert [await two.offer("erika") for _ in range(20)] == [Accepted()] * 20
        assert (len(hanging.heard), two.standing) == (asked, "degraded")
        hanging.mute = ""
        two.now[0] += 3600
        assert await two.offer("erika") == Accepted()
        assert (len(hanging.taken), two.standing) == (1, "ready")
        await two.chain.close()


@pytest.mark.parametrize("step", ["RCPT", "content"])
async def test_where_the_only_one_hangs_health_says_so_however_few_domains_there_are(
    two: Two, step: str
) -> None:
    """It is not left alone: the recipients' servers may be what it waits for, and others' mails would wait with them."""
    hanging = Script(pipelining=True, mute=step)
    async with speaking(hanging, seconds=0.1) as mailer:
        two.chain = RelayChain(
            [Relay("only", mailer)],
            monotonic=lambda: two.now[0],
            condition=two.health.part("mail servers"),
        )
        for number in range(LIMIT):
            with suppress(ServerAway):
                assert await two.offer("erika", at=f"town-{number % 2}.example") == Unanswered()
        assert (two.standing, two.reason) == (
            "degraded",
            "only has left the last mails without an answer; they wait",
        )
        hanging.mute = ""
        hanging.answers = {"RCPT": "450 4.2.1 Busy"}
        assert await two.offer("erika") == Deferred(450)
        assert two.standing == "ready"
        await two.chain.close()


async def test_where_none_takes_mails_health_does_not_say_that_others_carry_them(two: Two) -> None:
    for server in (two.first, two.second):
        await server.stop()
    for _ in range(LIMIT):
        with pytest.raises(ServerAway):
            await two.offer("erika")
    assert (two.standing, two.reason.endswith("does not take mails; they wait")) == ("degraded", True)


async def test_a_first_that_comes_back_gets_a_trickle_and_the_second_carries_the_rest(two: Two) -> None:
    await two.first.stop()
    for _ in range(LIMIT):
        await two.offer("erika")
    await two.first.start()
    shares = []
    for passed in (3600, 0, 5, 10, 60):
        two.now[0] += passed
        before = len(two.first.taken)
        assert [await two.offer("anna") for _ in range(40)] == [Accepted()] * 40
        shares.append(len(two.first.taken) - before)
    assert shares == [3, 0, 4, 16, 40]
    assert len(two.second.taken) == LIMIT + 200 - sum(shares)


async def test_the_second_gets_no_more_than_it_takes_in_a_second_and_the_rest_waits(two: Two) -> None:
    second = relay(two.second)
    second.pace = Pace.of(3, now=0)
    two.chain = RelayChain(
        [relay(two.first), second], monotonic=lambda: two.now[0], condition=two.health.part("mail servers")
    )
    await two.first.stop()
    waits = HeldBack(timedelta(seconds=1))
    assert [await two.offer("erika") for _ in range(5)] == [Accepted()] * 3 + [waits] * 2
    two.now[0] += 1
    assert [await two.offer("erika") for _ in range(4)] == [Accepted()] * 3 + [waits]
    await two.chain.close()
