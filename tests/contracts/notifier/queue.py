"""What a queue promises; kept by the fake of the component tests and by PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

import pytest

from services.notifier.domain.case import ContactState
from services.notifier.domain.message import ApplicantMessage
from services.notifier.ports import Claim, Queue
from shared.events.notification import NotificationSettled, Settlement
from shared.events.payload import Sealed
from tests.support.events import sealed
from tests.support.mails import message

CONTACT = sealed(purpose="contact")
NOTICE = sealed("notifier-2026", purpose="notice")
LEASE = timedelta(seconds=60)


class Subject(Protocol):
    """A queue, and what only a test does to it."""

    @property
    def queue(self) -> Queue: ...

    async def plan(self, planned: ApplicantMessage, contact: ContactState = CONTACT) -> None: ...

    async def note(self, planned: ApplicantMessage, notice: Sealed) -> None: ...

    async def pass_time(self, seconds: float) -> None: ...

    async def emitted(self) -> int: ...


def of_case(number: int, kind: str = "receipt") -> ApplicantMessage:
    return replace(message(kind), case_id=UUID(int=number))  # type: ignore[arg-type] # one of the literals


async def claim_one(queue: Queue) -> Claim:
    (claim,) = await queue.claim(10)
    return claim


def outcome(claim: Claim, settlement: Settlement) -> NotificationSettled:
    return NotificationSettled(
        message_id=claim.message.id,
        kind=claim.message.kind,
        revision=claim.message.revision,
        channel="email",
        outcome=settlement,
        attempts=claim.attempts + 1,
        settled_at=datetime.now(UTC),
    )


class QueueContract:
    """Held against the queue of the fixture ``subject``."""

    async def test_a_planned_message_is_claimed_as_it_was_planned(self, subject: Subject) -> None:
        await subject.plan(of_case(1))
        claim = await claim_one(subject.queue)
        assert (claim.message, claim.contact, claim.attempts) == (of_case(1), CONTACT, 0)

    async def test_a_message_waits_for_what_the_authority_has_sealed_for_it_but_not_for_long(
        self, subject: Subject
    ) -> None:
        listed, unlisted = (
            replace(of_case(number, "incomplete"), notice=UUID(int=number)) for number in (1, 2)
        )
        for message_ in (listed, unlisted):
            await subject.plan(message_)
        assert await subject.queue.claim(10) == []
        await subject.note(listed, NOTICE)
        claim = await claim_one(subject.queue)
        assert (claim.message.id, claim.notice) == (listed.id, NOTICE)
        await subject.pass_time(61)
        assert [each.notice for each in await subject.queue.claim(10) if each.message == unlisted] == [None]

    async def test_no_more_are_claimed_than_asked_for(self, subject: Subject) -> None:
        for number in range(5):
            await subject.plan(of_case(number))
        assert [len(await subject.queue.claim(most)) for most in (3, 3, 3)] == [3, 2, 0]

    async def test_what_has_a_day_is_claimed_apart_and_waits_for_no_older_news(
        self, subject: Subject
    ) -> None:
        goes_on = replace(of_case(1, "extension"), channels=("email", "letter"))
        for planned in (of_case(1), goes_on, of_case(2), of_case(3, "extension")):
            await subject.plan(planned)
        assert [each.message for each in await subject.queue.claim(10, dated=True)] == [goes_on]
        assert len(await subject.queue.claim(10)) == 3

    async def test_many_claiming_at_once_get_every_message_once(self, subject: Subject) -> None:
        for number in range(40):
            await subject.plan(of_case(number))
        claims = await asyncio.gather(*(subject.queue.claim(5) for _ in range(10)))
        ids = [claim.message.id for batch in claims for claim in batch]
        assert len(ids) == len(set(ids)) == 40

    async def test_a_claim_is_free_again_when_its_lease_has_ended(self, subject: Subject) -> None:
        await subject.plan(of_case(1))
        first = await claim_one(subject.queue)
        await subject.pass_time(61)
        second = await claim_one(subject.queue)
        assert second.message == first.message
        assert not await subject.queue.begin(first)
        assert await subject.queue.begin(second)

    async def test_a_claim_whose_lease_has_ended_cannot_begin(self, subject: Subject) -> None:
        await subject.plan(of_case(1))
        claim = await claim_one(subject.queue)
        await subject.pass_time(61)
        assert not await subject.queue.begin(claim)

    async def test_a_message_begins_once(self, subject: Subject) -> None:
        await subject.plan(of_case(1))
        claim = await claim_one(subject.queue)
        assert [await subject.queue.begin(claim) for _ in range(2)] == [True, False]

    async def test_a_message_that_is_being_sent_is_never_claimed_again(self, subject: Subject) -> None:
        await subject.plan(of_case(1))
        claim = await claim_one(subject.queue)
        await subject.queue.begin(claim)
        await subject.pass_time(100_000)
        assert await subject.queue.claim(10) == []

    async def test_a_message_is_stranded_only_when_its_lease_has_ended_while_sending(
        self, subject: Subject
    ) -> None:
        await subject.plan(of_case(1))
        await subject.plan(of_case(2))
        claim = next(c for c in await subject.queue.claim(10) if c.message.case_id == UUID(int=1))
        await subject.queue.begin(claim)
        assert await subject.queue.stranded() == []
        await subject.pass_time(61)
        (stranded,) = await subject.queue.stranded()
        assert stranded.message == claim.message
        assert await subject.queue.stranded() == []

    @pytest.mark.parametrize("settlement", ["sent", "failed", "unknown", "no-contact"])
    async def test_a_message_is_settled_once_and_says_so_once(
        self, subject: Subject, settlement: Settlement
    ) -> None:
        await subject.plan(of_case(1))
        claim = await claim_one(subject.queue)
        settled = outcome(claim, settlement)
        assert [await subject.queue.settle(claim, settled) for _ in range(2)] == [True, False]
        await subject.pass_time(100_000)
        assert await subject.queue.claim(10) == []
        assert await subject.emitted() == 1

    async def test_a_sender_that_lost_its_lease_settles_nothing(self, subject: Subject) -> None:
        await subject.plan(of_case(1))
        lost = await claim_one(subject.queue)
        await subject.queue.begin(lost)
        await subject.pass_time(61)
        (stranded,) = await subject.queue.stranded()
        assert not await subject.queue.settle(lost, outcome(lost, "sent"))
        assert await subject.queue.settle(stranded, outcome(stranded, "unknown"))
        assert await subject.emitted() == 1

    async def test_a_postponed_message_is_due_again_after_the_pause(self, subject: Subject) -> None:
        await subject.plan(of_case(1))
        claim = await claim_one(subject.queue)
        await subject.queue.begin(claim)
        await subject.queue.postpone(claim, attempts=3, pause=timedelta(seconds=30))
        assert await subject.queue.claim(10) == []
        await subject.pass_time(31)
        assert (await claim_one(subject.queue)).attempts == 3

    async def test_it_is_remembered_how_often_a_message_was_offered_again(self, subject: Subject) -> None:
        await subject.plan(of_case(1))
        for repeats, expected in ((1, 1), (None, 1), (2, 2)):
            claim = await claim_one(subject.queue)
            await subject.queue.begin(claim)
            await subject.queue.postpone(claim, attempts=1, pause=timedelta(0), repeats=repeats)
            await subject.pass_time(1)
            again = await claim_one(subject.queue)
            assert again.repeats == expected
            await subject.queue.postpone(again, attempts=1, pause=timedelta(0))

    async def test_a_sender_that_lost_its_lease_postpones_nothing(self, subject: Subject) -> None:
        await subject.plan(of_case(1))
        lost = await claim_one(subject.queue)
        await subject.pass_time(61)
        current = await claim_one(subject.queue)
        await subject.queue.postpone(lost, attempts=9, pause=timedelta(0))
        assert await subject.queue.begin(current)

    async def test_the_acknowledgement_goes_before_news_that_were_planned_earlier(
        self, subject: Subject
    ) -> None:
        for kind in ("clearing", "forwarded", "receipt", "status"):
            await subject.plan(of_case(1, kind))
        kinds = []
        while claims := await subject.queue.claim(10):
            (claim,) = claims
            kinds.append(claim.message.kind)
            await subject.queue.settle(claim, outcome(claim, "sent"))
        assert kinds == ["receipt", "clearing", "forwarded", "status"]

    async def test_news_wait_while_the_contact_has_not_been_heard_of(self, subject: Subject) -> None:
        await subject.plan(of_case(1, "forwarded"), contact="unheard")
        assert await subject.queue.claim(10) == []
        await subject.pass_time(2 * 3600)
        assert (await claim_one(subject.queue)).contact == "unheard"

    @pytest.mark.parametrize("contact", ["none", "erased"])
    async def test_a_case_without_contact_is_claimed_to_be_settled(
        self, subject: Subject, contact: ContactState
    ) -> None:
        await subject.plan(of_case(1), contact=contact)
        assert (await claim_one(subject.queue)).contact == contact
