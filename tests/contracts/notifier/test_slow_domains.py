"""A mail server that is slow with the recipients of one domain, on real sockets: all others are in time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.notifier.adapters.conversation import RecipientUnanswered
from services.notifier.adapters.slow_domains import SlowDomainsApart
from services.notifier.adapters.smtp import MailServer as Address
from services.notifier.adapters.smtp import SmtpMailer
from services.notifier.domain.address import Address as Recipient
from services.notifier.domain.mail import Mail
from services.notifier.domain.token_bucket import Pace
from services.notifier.handler.send_loop import Rounds
from services.notifier.ports import Accepted, Deferred, HeldBack, MailOutcome, ServerAway
from shared.events.payload import Sealed
from tests.component.notifier.test_delivery import CONTACT, NOW, World
from tests.component.notifier.test_rounds import Caught, Seen, running
from tests.support.mail_server import MailServer
from tests.support.mails import message

pytestmark = pytest.mark.slow

CONNECTIONS, SLOW = 4, 60


@dataclass
class ByCase:
    """The `Contacts` that know each submission's domain."""

    domains: dict[UUID, str] = field(default_factory=dict)

    def open(self, contact: Sealed, *, submission_id: UUID) -> bytes:
        return f'{{"email":"erika@{self.domains[submission_id]}"}}'.encode()

    def open_notice(self, notice: Sealed, *, submission_id: UUID) -> bytes:
        raise AssertionError


@dataclass
class Tarpit:
    """The server lets recipients of ``slow.example`` wait until it is told to go on."""

    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    full: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0
    most: int = 0

    async def at_recipient(self, recipient: str) -> None:
        if recipient.endswith("@slow.example"):
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            if self.waiting == CONNECTIONS - 1:
                self.full.set()
            await self.go_on.wait()
            self.waiting -= 1


def plan(world: World, contacts: ByCase, first: int, count: int, domain: str) -> None:
    for number in range(first, first + count):
        submission = UUID(int=number)
        contacts.domains[submission] = domain
        written = replace(message("receipt"), case_id=UUID(int=number), submission_id=submission)
        world.queue.plan(written, CONTACT)


@asynccontextmanager
async def sending(world: World, seen: Seen, contacts: ByCase, port: int) -> AsyncIterator[None]:
    address = Address(host="127.0.0.1", port=port, encryption="none", greeting="amtsweg.example", timeout=60)
    mailer = SmtpMailer(address, connections=CONNECTIONS)

    def seconds() -> float:
        return (world.queue.now - NOW).total_seconds()

    apart = SlowDomainsApart(
        mailer, connections=CONNECTIONS, monotonic=seconds, patience=timedelta(milliseconds=20)
    )
    replay = Caught()
    replay.up.set()
    rounds = Rounds(
        queue=world.queue,
        courier=world.courier(mailer=apart, contacts=contacts, observer=seen),
        replay=replay,
        monotonic=seconds,
        observer=seen,
        side_by_side=4 * CONNECTIONS,
        pace=Pace.of(1000, now=0),
        idle=timedelta(milliseconds=5),
    )
    try:
        async with running(rounds):
            yield
    finally:
        await mailer.close()


async def test_while_one_domain_is_slow_every_other_mail_is_in_time_and_nothing_is_told_twice() -> None:
    world, seen, contacts, tarpit = World(), Seen(), ByCase(), Tarpit()
    plan(world, contacts, 0, SLOW, "slow.example")
    async with MailServer(at_recipient=tarpit.at_recipient, forgiving=True).running() as server:
        async with sending(world, seen, contacts, server.port):
            async with asyncio.timeout(60):
                await tarpit.full.wait()
                plan(world, contacts, SLOW, 40, "quick.example")
                while seen.results.count("sent") < 40:
                    world.queue.now += timedelta(milliseconds=200)
                    await asyncio.sleep(0.01)
            in_time = {recipient.partition("@")[2] for recipient, _ in server.taken}
            assert (in_time, tarpit.most) == ({"quick.example"}, CONNECTIONS - 1)
            tarpit.go_on.set()
            async with asyncio.timeout(60):
                while seen.results.count("sent") < SLOW + 40:
                    world.queue.now += timedelta(seconds=1)
                    await asyncio.sleep(0.01)
        assert set(server.times_taken.values()) == {1}
    assert len(server.times_taken) == SLOW + 40
    assert set(seen.results) == {"sent", "held-back"}
    assert {event.attempts for event in world.queue.emitted} == {1}


@dataclass
class Slowly:
    """A `Mailer` that takes its time, on the test's clock."""

    now: float = 0.0
    takes: dict[str, float] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    hangs_at_recipient: bool = True
    meanwhile: list[str] = field(default_factory=list)
    came_meanwhile: list[MailOutcome] = field(default_factory=list)
    apart: SlowDomainsApart | None = None

    async def hand_over(self, mail: Mail, *, before_content: object) -> MailOutcome:
        domain = mail.recipient.partition("@")[2]
        while self.meanwhile:
            self.came_meanwhile.append(await self.offer(self.meanwhile.pop()))
        self.now += self.takes.get(domain, 0)
        if domain in self.away:
            raise (RecipientUnanswered if self.hangs_at_recipient else ServerAway)("no answer")
        return Accepted()

    async def offer(self, domain: str) -> MailOutcome:
        async def begin() -> bool:
            return True

        if self.apart is None:
            self.apart = SlowDomainsApart(
                self, connections=2, monotonic=lambda: self.now, patience=timedelta(milliseconds=1)
            )
        return await self.apart.hand_over(
            Mail(sender=Recipient("a@amtsweg.example"), recipient=Recipient(f"erika@{domain}"), content=b""),
            before_content=begin,
        )


async def test_a_time_out_is_the_mails_fault_where_others_were_answered_meanwhile_and_else_the_servers() -> (
    None
):
    server = Slowly(takes={"slow.example": 60}, away={"slow.example"})
    with pytest.raises(ServerAway):
        await server.offer("slow.example")
    server.meanwhile.append("quick.example")
    assert await server.offer("slow.example") == Deferred(451)
    server.hangs_at_recipient = False  # at any other step: that is the server, whoever it is for
    server.meanwhile.append("quick.example")
    with pytest.raises(ServerAway):
        await server.offer("slow.example")


async def test_of_time_outs_one_after_the_other_only_the_first_of_each_domain_counts_against_the_server() -> (
    None
):
    domains = [f"slow-{number}.example" for number in range(3)]
    server = Slowly(takes=dict.fromkeys(domains, 60), away=set(domains))
    for domain in domains:
        with pytest.raises(ServerAway):
            await server.offer(domain)
        assert [await server.offer(domain) for _ in range(5)] == [HeldBack(timedelta(seconds=30))] * 5
    server.away.remove(domains[0])
    assert await server.offer(domains[0]) == Accepted()
    server.away.add(domains[0])
    with pytest.raises(ServerAway):
        await server.offer(domains[0])


async def test_slow_domains_share_half_of_the_connections_until_one_mail_is_quick_again() -> None:
    server = Slowly(takes={"a.example": 6, "b.example": 6})
    assert await server.offer("a.example") == Accepted()
    assert await server.offer("b.example") == Accepted()
    server.takes = {}
    server.meanwhile.append("b.example")
    assert await server.offer("a.example") == Accepted()
    assert server.came_meanwhile == [HeldBack(timedelta(seconds=30))]
    server.meanwhile.append("b.example")
    assert await server.offer("a.example") == Accepted()
    assert server.came_meanwhile[1:] == [Accepted()]


@dataclass
class Crowded:
    """A `Mailer` with two connections, on the test's clock; a domain is answered when it is told to go on."""

    now: float = 0.0
    go_on: dict[str, asyncio.Event] = field(default_factory=dict)
    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    async def hand_over(self, mail: Mail, *, before_content: object) -> MailOutcome:
        async with self.free:
            if waits := self.go_on.get(mail.recipient.partition("@")[2]):
                await waits.wait()
        return Accepted()


async def test_a_mail_that_waits_for_a_connection_does_not_make_its_domain_slow() -> None:
    server = Crowded(go_on={name: asyncio.Event() for name in ("a.example", "b.example")})
    apart = SlowDomainsApart(
        server, connections=2, monotonic=lambda: server.now, patience=timedelta(milliseconds=1)
    )

    async def offer(domain: str) -> MailOutcome:
        async def begin() -> bool:
            return True

        mail = Mail(
            sender=Recipient("a@amtsweg.example"), recipient=Recipient(f"erika@{domain}"), content=b""
        )
        return await apart.hand_over(mail, before_content=begin)

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        for domain in ("a.example", "b.example"):
            tasks.create_task(offer(domain))
        waiting = tasks.create_task(offer("quick.example"))
        for _ in range(10):
            await asyncio.sleep(0)
        server.now += 60
        server.go_on["b.example"].set()
        assert await waiting == Accepted()
        assert await offer("b.example") == HeldBack(timedelta(seconds=30))  # a.example is slow and under way
        assert await offer("quick.example") == Accepted()
        server.go_on["a.example"].set()
