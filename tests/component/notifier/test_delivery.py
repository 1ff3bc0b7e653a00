"""One delivery from claim to outcome, with a mail server and a store in memory."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from random import Random
from typing import Any
from uuid import UUID

import pytest

from services.notifier.domain.case import ContactState
from services.notifier.domain.message import ApplicantMessage
from services.notifier.domain.rendering import Names
from services.notifier.domain.retry import RetryPolicy
from services.notifier.domain.writing import Writer
from services.notifier.handler.carriers import Desk, EmailCarrier
from services.notifier.handler.delivery import MailDelivery, Result
from services.notifier.ports import Claim, ContactNotOpened
from shared.events.notification import MessageKind
from shared.events.payload import Sealed
from shared.events.submission import Channel
from tests.support.events import sealed
from tests.support.fake_mailer import FakeMailer
from tests.support.fake_queue import FakeQueue
from tests.support.law import hessian_law
from tests.support.mails import NAMES, SENDER, WRITER, message

NOW = datetime(2026, 1, 12, 9, 31, tzinfo=UTC)
LAW = hessian_law()
CONTACT = sealed(purpose="contact")
PATIENCE = RetryPolicy(first=timedelta(seconds=10), longest=timedelta(minutes=5), ceiling=timedelta(hours=1))


class NoPause:
    """A pause that is over at once."""

    async def sleep(self) -> None:
        """Return."""


@dataclass
class OpenedContacts:
    """The `Contacts` whose every contact is this document."""

    document: bytes

    def open(self, contact: Sealed, *, submission_id: UUID) -> bytes:
        if not self.document:
            raise ContactNotOpened("sealed to none of our keys")
        return self.document

    def open_notice(self, notice: Sealed, *, submission_id: UUID) -> bytes:
        """In a test the ciphertext is the document."""
        if notice.recipients[0].header["kid"] != "notifier-2026":
            raise ContactNotOpened("sealed to none of our keys")
        return urlsafe_b64decode(notice.ciphertext + "==")


class Directory:
    def names(self, *, service: str, authority: str | None) -> Names:
        return NAMES


@dataclass
class Unobserved:
    """The `Observer` that fails the test when our code failed."""

    def came_to(self, claim: Claim, result: str) -> None:
        pass

    def broken(self, claim: Claim, error: Exception) -> None:
        raise error


@dataclass
class World:
    clock_error: timedelta = timedelta(0)
    queue: FakeQueue = field(default_factory=lambda: FakeQueue(NOW))
    mailer: FakeMailer = field(default_factory=FakeMailer)

    def courier(self, *, contact: bytes = b'{"email":"erika@example.org"}', **changes: Any) -> MailDelivery:
        desk = Desk(
            contacts=changes.pop("contacts", OpenedContacts(contact)),
            directory=Directory(),
            writer=changes.pop("writer", WRITER),
        )

        def clock() -> datetime:
            return self.queue.now + self.clock_error

        email = EmailCarrier(desk=desk, mailer=changes.pop("mailer", self.mailer), sender=SENDER, clock=clock)
        parts: dict[str, Any] = {
            "queue": self.queue,
            "carrier": email,
            "clock": clock,
            "patience": PATIENCE,
            "law": LAW,
            "random": Random(1),
            "observer": Unobserved(),
            "pauses": NoPause,
        }
        return MailDelivery(**parts | changes)

    async def deliver(
        self,
        local: str = "erika",
        *,
        written: ApplicantMessage | None = None,
        contact: ContactState = CONTACT,
        **changes: Any,
    ) -> Result:
        self.queue.plan(written or message("receipt"), contact)
        (claim,) = await self.queue.claim(1)
        return await self.courier(contact=f'{{"email":"{local}@example.org"}}'.encode(), **changes).deliver(
            claim
        )

    @property
    def settled(self) -> list[tuple[str, int]]:
        return [(event.outcome, event.attempts) for event in self.queue.emitted]


@pytest.fixture
def world() -> World:
    return World()


async def test_a_mail_is_sent_and_its_settlement_emitted(world: World) -> None:
    assert await world.deliver() == "sent"
    assert world.settled == [("sent", 1)]
    assert [to for to, _ in world.mailer.taken] == ["erika@example.org"]


def notice(document: str, *, kid: str = "notifier-2026") -> Sealed:
    """What an authority has sealed, as `OpenedContacts` opens it."""
    ciphertext = urlsafe_b64encode(document.encode()).decode().rstrip("=")
    return sealed(kid, purpose="notice").model_copy(update={"ciphertext": ciphertext})


INCOMPLETE = replace(message("incomplete"), notice=UUID(int=7))


async def deliver_incomplete(world: World, sealed_notice: Sealed | None) -> str:
    world.queue.plan(INCOMPLETE, CONTACT, notice=sealed_notice)
    world.queue.now += timedelta(minutes=2)
    (claim,) = await world.queue.claim(1)
    assert await world.courier().deliver(claim) == "sent"
    (_, content) = world.mailer.taken[-1]
    part = message_from_bytes(content, policy=policy.default).get_body(("plain",))
    assert part is not None
    return str(part.get_content())


async def test_what_is_missing_is_said_item_by_item_in_the_authoritys_words(world: World) -> None:
    text = await deliver_incomplete(
        world, notice('{"missing":["Führungszeugnis <b>neu</b>","Plan, siehe https://stadt.example/plan"]}')
    )
    assert "- Führungszeugnis <b>neu</b>" in text
    assert "https://" not in text
    assert [event.reason for event in world.queue.emitted] == [None]


@pytest.mark.parametrize(
    ("sealed_notice", "reason"),
    [
        (None, "list-missing"),
        (notice('{"missing":["Führungszeugnis"]}', kid="somebody-else"), "list-not-opened"),
        (notice("no JSON at all"), "list-unreadable"),
        (notice('{"missing":[]}'), "list-unreadable"),
    ],
)
async def test_without_a_list_that_can_be_read_the_number_is_said_and_the_operator_sees_why(
    world: World, sealed_notice: Sealed | None, reason: str
) -> None:
    text = await deliver_incomplete(world, sealed_notice)
    assert "2 Angaben oder Unterlagen. Die Liste finden Sie bei der Plattform" in text
    assert [(event.outcome, event.reason) for event in world.queue.emitted] == [("sent", reason)]


async def test_a_refused_mail_has_failed(world: World) -> None:
    assert await world.deliver("gone") == "failed"
    assert world.settled == [("failed", 1)]


async def test_a_server_that_refuses_us_settles_nothing_however_long_it_takes(world: World) -> None:
    results = [await world.deliver("relay-denied")]
    for _ in range(50):
        world.queue.now += timedelta(hours=12)
        (claim,) = await world.queue.claim(1)
        results.append(await world.courier(contact=b'{"email":"relay-denied@example.org"}').deliver(claim))
    assert set(results) == {"unwelcome"}
    assert world.settled == []


async def test_a_message_that_this_process_has_sent_is_not_sent_again_when_the_store_forgets_it(
    world: World,
) -> None:
    courier = world.courier()
    for _ in range(2):
        world.queue.plan(message("receipt"), CONTACT)  # the second time as if nothing had been sent
        (claim,) = await world.queue.claim(1)
        assert await courier.deliver(claim) == "sent"
    assert len(world.mailer.taken) == 1
    assert world.settled == [("sent", 1), ("sent", 0)]


async def test_a_deferred_mail_waits_and_is_sent_later(world: World) -> None:
    assert await world.deliver("busy") == "deferred"
    assert world.settled == []
    assert await world.queue.claim(1) == []
    world.queue.now += PATIENCE.first
    (claim,) = await world.queue.claim(1)
    assert await world.courier().deliver(claim) == "sent"
    assert world.settled == [("sent", 2)]


async def test_a_mail_deferred_until_the_ceiling_has_failed(world: World) -> None:
    results = [await world.deliver("later")]
    while results[-1] == "deferred":
        world.queue.now += timedelta(minutes=5)
        (claim,) = await world.queue.claim(1)
        results.append(await world.courier(contact=b'{"email":"later@example.org"}').deliver(claim))
    assert results[-1] == "failed"
    assert world.queue.now - NOW <= PATIENCE.ceiling + timedelta(minutes=5)
    assert world.settled == [("failed", len(results))]


@pytest.mark.parametrize(
    ("kind", "channels", "at_most"),
    [
        ("decision", ("email", "letter"), timedelta(days=1)),
        ("extension", ("email", "letter"), timedelta(days=1)),
        ("decision", ("email",), timedelta(days=3)),
        ("acknowledgement", ("email", "letter"), timedelta(days=3)),
    ],
)
async def test_a_mailbox_that_is_full_for_days_holds_up_no_news_that_the_law_wants_told_at_once(
    world: World, kind: MessageKind, channels: tuple[Channel, ...], at_most: timedelta
) -> None:
    written, patience = replace(message(kind), channels=channels), RetryPolicy()
    results = [await world.deliver("busy", written=written, patience=patience)]
    while results[-1] == "deferred":
        world.queue.now += timedelta(hours=1)
        (claim,) = await world.queue.claim(1)
        courier = world.courier(contact=b'{"email":"busy@example.org"}', patience=patience)
        results.append(await courier.deliver(claim))
    assert world.settled == [("failed", len(results))]
    assert at_most - timedelta(hours=2) <= world.queue.now - NOW <= at_most


async def test_unanswered_news_that_no_law_asks_for_stay_unknown_and_are_not_sent_again(world: World) -> None:
    assert await world.deliver("silence", written=message("status")) == "unknown"
    world.queue.now += timedelta(days=1)
    assert await world.queue.claim(1) == []
    assert world.settled == [("unknown", 1)]


async def test_an_unanswered_duty_is_offered_again_with_the_same_id_and_ends_with_the_operator(
    world: World,
) -> None:
    results = [await world.deliver("silence", written=message("decision"))]
    while results[-1] == "repeated":
        world.queue.now += timedelta(minutes=5)
        (claim,) = await world.queue.claim(1)
        results.append(await world.courier(contact=b'{"email":"silence@example.org"}').deliver(claim))
    assert results == ["repeated", "repeated", "unknown"]
    assert [(event.outcome, event.repeats) for event in world.queue.emitted] == [("unknown", 2)]
    header = f"Message-ID: <{message('decision').id}@amtsweg.example>".encode()
    assert [header in content for _, content in world.mailer.taken] == [True] * 3


async def test_a_duty_that_is_answered_the_second_time_says_that_it_was_repeated(world: World) -> None:
    assert await world.deliver("silence", written=message("decision")) == "repeated"
    world.queue.now += timedelta(minutes=5)
    (claim,) = await world.queue.claim(1)
    assert await world.courier().deliver(claim) == "sent"
    assert [(event.outcome, event.repeats) for event in world.queue.emitted] == [("sent", 1)]


async def test_a_server_that_is_away_costs_no_attempt(world: World) -> None:
    world.mailer.away = True
    assert await world.deliver() == "server-away"
    world.queue.now += timedelta(seconds=1)
    (claim,) = await world.queue.claim(1)
    assert claim.attempts == 0


@pytest.mark.parametrize("contact", ["none", "erased"])
async def test_a_case_without_contact_is_settled_without_a_mail(world: World, contact: ContactState) -> None:
    assert await world.deliver(contact=contact) == "no-contact"
    assert (world.settled, world.mailer.taken) == ([("no-contact", 0)], [])


async def test_a_contact_that_is_no_address_has_failed_without_an_attempt(world: World) -> None:
    assert await world.deliver("erika mustermann") == "failed"
    assert (world.settled, world.mailer.taken) == ([("failed", 0)], [])


async def test_a_contact_that_does_not_open_is_tried_again(world: World) -> None:
    assert await world.deliver(contacts=OpenedContacts(b"")) == "unprepared"
    assert world.settled == []


async def test_a_contact_never_heard_of_is_tried_again_and_fails_in_the_end(world: World) -> None:
    world.queue.plan(message("receipt"), "unheard")
    results: list[Result] = []
    while not world.queue.emitted:
        world.queue.now += timedelta(hours=1, seconds=1)
        results += [await world.courier().deliver(claim) for claim in await world.queue.claim(1)]
    assert results[-1] == "failed"
    assert world.mailer.taken == []


async def test_missing_templates_are_ours_to_mend(world: World) -> None:
    assert await world.deliver(writer=Writer({}, hessian_law())) == "unprepared"
    assert world.settled == []


async def test_a_message_keeps_its_id_over_attempts(world: World) -> None:
    await world.deliver("busy")
    world.queue.now += timedelta(minutes=1)
    (claim,) = await world.queue.claim(1)
    await world.courier().deliver(claim)
    ((_, content),) = world.mailer.taken
    assert f"Message-ID: <{message('receipt').id}@amtsweg.example>".encode() in content


@pytest.mark.parametrize(("channels", "result"), [(("email", "letter"), "failed"), (("email",), "sent")])
async def test_after_a_bounce_another_channel_takes_over_and_without_one_the_duty_stays(
    world: World, channels: tuple[Channel, ...], result: Result
) -> None:
    world.queue.plan(replace(message("decision"), channels=channels), CONTACT)
    (claim,) = await world.queue.claim(1)
    assert await world.courier().deliver(replace(claim, suppressed=True)) == result
    (settled,) = world.queue.emitted
    assert settled.reason == ("suppressed" if result == "failed" else None)


async def test_a_lost_lease_stops_a_delivery_before_the_content(world: World) -> None:
    world.queue.plan(message("receipt"), CONTACT)
    (claim,) = await world.queue.claim(1)
    world.queue.now += timedelta(seconds=61)
    assert await world.courier().deliver(claim) == "lost"
    assert (world.settled, world.mailer.taken) == ([], [])


async def test_an_outcome_is_kept_until_the_store_is_back(world: World) -> None:
    world.queue.plan(message("receipt"), CONTACT)
    (claim,) = await world.queue.claim(1)

    class ThenTheStoreGoes(FakeMailer):
        async def hand_over(self, mail: Any, *, before_content: Any) -> Any:
            answer = await super().hand_over(mail, before_content=before_content)
            world.queue.failures = 20
            return answer

    mailer = ThenTheStoreGoes()
    assert await world.courier(mailer=mailer).deliver(claim) == "sent"
    assert len(mailer.taken) == 1
    assert world.settled == [("sent", 1)]


async def test_a_store_that_is_away_before_the_content_means_nothing_was_sent(world: World) -> None:
    world.queue.plan(message("receipt"), CONTACT)
    (claim,) = await world.queue.claim(1)
    world.queue.failures = 1
    assert await world.courier().deliver(claim) == "store-away"
    assert world.mailer.taken == []
    world.queue.now += timedelta(seconds=1)
    assert len(await world.queue.claim(1)) == 1
