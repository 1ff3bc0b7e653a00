"""Simulated recipients: each ends as its name says, nobody real hears of it, and no server is judged by it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from typing import get_args
from uuid import UUID

import pytest

from services.notifier.adapters.simulated_reports import SimulatedReports
from services.notifier.domain.address import Address
from services.notifier.domain.bounces import DeliveryReport
from services.notifier.domain.breaker import Breaker
from services.notifier.domain.letter import LetterSender, PrintedLetter
from services.notifier.domain.notice import Provision
from services.notifier.domain.reach import Addressee
from services.notifier.domain.simulation import (
    MAIL_RECIPIENTS,
    MAILBOXES,
    simulated_letter,
    simulated_mail,
    simulated_mailbox,
)
from services.notifier.domain.states import TRANSITIONS
from services.notifier.handler.carriers import Desk, EmailCarrier, LetterCarrier, MailboxCarrier
from services.notifier.handler.simulator import Simulator
from services.notifier.ports import Carrier, MailOutcome, StoreAway
from shared.events.notification import Settlement
from shared.events.submission import Channel
from tests.component.notifier.test_delivery import CONTACT, NOW, Directory, OpenedContacts, World
from tests.component.notifier.test_rounds import Seen, Sending, of_case, running, until
from tests.support.fake_mailer import FakeMailer
from tests.support.mails import SENDER, WRITER, message

ENDS: dict[str, tuple[Settlement, int, list[str]]] = {
    "accepted": ("sent", 1, []),
    "delivered": ("sent", 1, ["delivered"]),
    "delayed": ("sent", 1, ["delayed", "delivered"]),
    "bounced": ("sent", 1, ["failed"]),
    "bounced-late": ("sent", 1, ["delivered", "failed"]),
    "deferred": ("sent", 3, ["delivered"]),
    "refused": ("failed", 1, []),
    "unanswered": ("unknown", 3, []),
    "mistyped": ("failed", 1, []),
}
BY_MAILBOX: dict[str, tuple[Settlement, int]] = {
    "unread": ("sent", 1),
    "deferred": ("sent", 3),
    "gone": ("failed", 1),
    "mistyped": ("failed", 1),
}


@dataclass
class Noted:
    followed: list[tuple[UUID, list[str]]] = field(default_factory=list)

    def follow(self, message: UUID, reports: Sequence[DeliveryReport]) -> None:
        self.followed.append((message, [report.outcome for report in reports]))


@dataclass
class Nobody:
    """Any channel's real other end: it must hear nothing."""

    heard: int = 0

    async def provide(self, notice: Provision) -> MailOutcome:
        raise AssertionError("a mailbox was called")

    async def put(self, letter: PrintedLetter) -> MailOutcome:
        raise AssertionError("a letter was printed")


def desk(contact: bytes, simulator: Simulator) -> Desk:
    return Desk(contacts=OpenedContacts(contact), directory=Directory(), writer=WRITER, simulator=simulator)


async def settled(world: World, carrier: Carrier, **planned: object) -> tuple[str, int]:
    """Deliver until the message is settled, however often that takes."""
    world.queue.plan(replace(message("receipt"), **planned), CONTACT)  # type: ignore[arg-type] # fields of the message
    for _ in range(10):
        for claim in await world.queue.claim(1):
            await world.courier(carrier=carrier).deliver(claim)
        if world.settled:
            return world.settled[-1]
        world.queue.now += timedelta(minutes=5)
    raise AssertionError("it was never settled")


@pytest.mark.parametrize("name", ENDS)
async def test_a_mail_ends_as_the_name_says_and_is_never_sent(name: str) -> None:
    world, noted = World(), Noted()
    outcome, attempts, reports = ENDS[name]
    carrier = EmailCarrier(
        desk=desk(f'{{"email":"{name}+7@Amtsweg.TEST"}}'.encode(), Simulator(noted)),
        mailer=world.mailer,
        sender=SENDER,
        clock=lambda: NOW,
    )
    assert await settled(world, carrier) == (outcome, attempts)
    assert [said for _, said in noted.followed] == ([reports] if reports else [])
    assert world.mailer.taken == []


@pytest.mark.parametrize("name", BY_MAILBOX)
async def test_a_mailbox_ends_as_the_name_says_and_is_never_called(name: str) -> None:
    contact = f'{{"mailbox":"test:{name}:7"}}'.encode()
    carrier = MailboxCarrier(desk=desk(contact, Simulator()), mailboxes=Nobody())
    assert (
        await settled(World(), carrier, channel="mailbox", channels=("mailbox", "email")) == BY_MAILBOX[name]
    )


async def test_a_letter_to_the_postcode_that_is_not_given_is_not_printed() -> None:
    contact = b'{"name":"Erika","address":{"street":"Testweg 1","postalCode":"00000","town":"Teststadt"}}'
    carrier = LetterCarrier(
        desk=desk(contact, Simulator()), letters=Nobody(), sender=LetterSender(name="A", line="B")
    )
    assert await settled(World(), carrier, channel="letter", channels=("letter",)) == ("sent", 1)


CONTACTS = {
    "email": b'{"email":"erika@example.org"}',
    "mailbox": b'{"mailbox":"9f3-erika"}',
    "letter": b'{"name":"Erika","address":{"street":"Testweg 1","postalCode":"35390","town":"Giessen"}}',
}


def carrier_of(channel: str, simulator: Simulator, world: World) -> Carrier:
    played = desk(CONTACTS[channel], simulator)
    if channel == "email":
        return EmailCarrier(desk=played, mailer=world.mailer, sender=SENDER, clock=lambda: NOW)
    if channel == "mailbox":
        return MailboxCarrier(desk=played, mailboxes=Nobody())
    return LetterCarrier(desk=played, letters=Nobody(), sender=LetterSender(name="A", line="B"))


@pytest.mark.parametrize("channel", get_args(Channel))
async def test_of_a_client_that_tries_things_out_nothing_leaves_on_any_channel(channel: str) -> None:
    world, noted = World(), Noted()
    carrier = carrier_of(channel, Simulator(noted, frozenset({"platform-on-trial"})), world)
    planned = {"client_id": "platform-on-trial", "channel": channel, "channels": (channel,)}
    assert await settled(world, carrier, **planned) == ("sent", 1)
    assert [said for _, said in noted.followed] == ([["delivered"]] if channel == "email" else [])
    assert world.mailer.taken == []


async def test_of_any_other_client_a_mail_leaves() -> None:
    world = World()
    carrier = carrier_of("email", Simulator(None, frozenset({"platform-on-trial"})), world)
    assert await settled(world, carrier, client_id="platform-on-trial-2") == ("sent", 1)
    assert len(world.mailer.taken) == 1


def test_every_simulated_recipient_is_tried_here_and_its_reports_can_follow() -> None:
    assert set(MAIL_RECIPIENTS) == set(ENDS) - {"mistyped"}
    assert set(MAILBOXES) == set(BY_MAILBOX) - {"mistyped"}
    for outcome, _, reports in ENDS.values():
        assert outcome in get_args(Settlement)
        path = [outcome, *reports]
        assert all(after in TRANSITIONS[before] for before, after in pairwise(path))  # type: ignore[index] # states by name


@pytest.mark.parametrize(
    "address",
    ["bounced@amtsweg.example", "bounced@xamtsweg.test", "bounced@amtsweg.test.example", "amtsweg.test@a.de"],
)
def test_a_recipient_who_is_not_simulated_is_real(address: str) -> None:
    assert simulated_mail(Address(address)) is None
    assert simulated_mailbox("9f3-test:gone") is None
    assert simulated_letter(Addressee(("Erika", "Testweg 1", "00001 Teststadt"))) is None


async def test_simulated_outcomes_say_nothing_about_the_mail_server(sending: Sending) -> None:
    sending.world.mailer = FakeMailer(away=True)
    simulator = Simulator()
    carrier = EmailCarrier(
        desk=desk(b'{"email":"unanswered@amtsweg.test"}', simulator),
        mailer=sending.world.mailer,
        sender=SENDER,
        clock=lambda: NOW,
    )
    for number in range(30):
        sending.world.queue.plan(of_case(number), CONTACT)
    rounds = sending.rounds(
        courier=sending.world.courier(carrier=carrier, observer=sending.seen), simulator=simulator
    )
    async with running(rounds):
        await until(lambda: len(sending.seen.results) >= 30)
    assert set(sending.seen.results) == {"repeated"}
    assert rounds.breaker == Breaker()


async def test_reports_are_written_in_order_once_the_acceptance_is_on_record() -> None:
    written: list[str] = []
    tries = 0

    async def note(_: UUID, report: DeliveryReport) -> bool:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise StoreAway("not on record yet")
        written.append(report.outcome)
        return True

    reports = SimulatedReports(note)
    standing_by = asyncio.create_task(reports.run())
    reports.follow(UUID(int=1), MAIL_RECIPIENTS["bounced-late"].reports)
    await until(lambda: written == ["delivered", "failed"])
    standing_by.cancel()
    await asyncio.gather(standing_by, return_exceptions=True)


async def test_a_report_that_waits_for_the_store_ends_with_the_process_and_holds_nothing_up() -> None:
    tried = asyncio.Event()

    async def note(_: UUID, report: DeliveryReport) -> bool:
        tried.set()
        raise StoreAway("gone")

    reports = SimulatedReports(note)
    standing_by = asyncio.create_task(reports.run())
    reports.follow(UUID(int=1), MAIL_RECIPIENTS["bounced"].reports)
    await tried.wait()
    standing_by.cancel()
    async with asyncio.timeout(20):
        await asyncio.gather(standing_by, return_exceptions=True)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert [task for task in left if "SimulatedReports" in str(task.get_coro())] == []


@pytest.fixture
def sending() -> Sending:
    made = Sending(seen=Seen())
    made.replay.up.set()
    return made
