"""Two routers and two doors under load, killed again and again, and the broker with them: a checker reads everything.

Of each submission there is one delivery in one inbox, one routing, one acceptance; nothing lies in an inbox that nobody
sent, as the record of a process would that was taken for dead and wrote on. Supplements come after their case. Whoever reads
over Kafka, asks, or is called has read all of it, in the order in which it lies there.
"""

import asyncio
import secrets
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

import pytest
from aiokafka.errors import KafkaError

from amtsweg.stack.process import Part
from amtsweg.stack.service import ServiceProcess
from shared.errors import Unavailable
from shared.events.case import CaseAccepted, CaseFetched
from shared.events.competence import Place
from shared.events.envelope import Event, encode
from shared.events.payload import Payload
from shared.events.submission import SubmissionDelivered, SubmissionRouted
from shared.events.supplement import SupplementDelivered
from shared.events.topics import AUTHORITY_INBOX, CASE_SUBMITTED, CASE_UPDATED, SUBMISSION_ROUTED
from tests.integration.router.conftest import Ground, as_message, running, url
from tests.integration.router.reading_authorities import Doors, Reading, by_kafka, by_pull
from tests.integration.router.what_is_known import Missing, explain, logged
from tests.support.receiver import Receiver, receiving
from tests.support.routing import event_of

PULL, CALLED, KAFKA = ("g-06635001", "g-06635002"), ("g-06635003", "g-06635004"), ("g-06635006", "g-06635007")
EVERYBODY = (*PULL, *CALLED, *KAFKA)
PER_SECOND = 12.0
SUPPLEMENTED = 4
"""Every so manieth case gets a supplement, at once."""

BROKER_EVERY = 6
"""Every so manieth fault is the broker's."""

STILL_SECONDS = 60.0
"""So long nothing more comes before it counts as missing: a slow machine takes its time, but goes on."""

MOST_EXPLAINED = 5


@dataclass
class Sent:
    """What was put on the bus, by case: whose it is, its submission and its supplement."""

    cases: dict[UUID, str] = field(default_factory=dict)
    submissions: dict[UUID, UUID] = field(default_factory=dict)
    supplements: dict[UUID, UUID] = field(default_factory=dict)


@pytest.fixture(scope="module")
def pairs(ground: Ground, intake: ServiceProcess) -> Iterator[dict[str, ServiceProcess]]:
    """Two routers and two doors of the module's own."""
    with ExitStack() as opened:
        yield {
            f"{name}-{instance}": opened.enter_context(running(ground.process(name, instance)))
            for name in ("router", "doors")
            for instance in (21, 22)
        }


async def load(ground: Ground, *, over: Callable[[], bool], random: Random) -> Sent:
    """Submissions at a steady rate; what is not known to be on the bus is sent again, as intake does."""
    sent, loop = Sent(), asyncio.get_running_loop()
    began, number = loop.time(), 0
    while not over():
        messages = []
        while number < (loop.time() - began) * PER_SECOND:
            authority = random.choice(EVERYBODY)
            received = ground.submission(place=Place(ags=authority.removeprefix("g-")))
            sent.cases[received.case_id] = authority
            sent.submissions[received.case_id] = received.submission_id
            messages.append(encode(received, "submission.received.v1"))
            if number % SUPPLEMENTED == 0:
                more = ground.supplement(received)
                sent.supplements[received.case_id] = more.submission_id
                messages.append(encode(more, CASE_SUBMITTED.name))
            number += 1
        while messages:
            try:
                await ground.send(*messages)
                break
            except (KafkaError, OSError, Unavailable):
                await asyncio.sleep(0.5)
        await asyncio.sleep(0.2)
    return sent


async def faults(
    ground: Ground, pairs: dict[str, ServiceProcess], *, seconds: float, apart: float, random: Random
) -> None:
    """kill -9 one after another, each at least once, each started again before the next; the broker now and then."""
    loop = asyncio.get_running_loop()
    until, number, names = loop.time() + seconds, 0, list[str]()
    while loop.time() < until or number < len(pairs):
        await asyncio.sleep(random.uniform(0.2 * apart, apart))
        number += 1
        names = names or random.sample(sorted(pairs), len(pairs))
        part: Part = ground.kafka if number % BROKER_EVERY == 0 else pairs[names.pop()]
        await asyncio.to_thread(_killed, part)


def _killed(part: Part) -> None:
    part.kill()
    part.start()


@asynccontextmanager
async def everybody_reads(ground: Ground, doors: Doors) -> AsyncIterator[dict[str, Reading]]:
    """Each in its own way; the readings of the called are filled from their receivers at the end."""
    readings = {each: Reading(each) for each in EVERYBODY}
    receivers: dict[str, Receiver] = {}
    async with receiving() as one, receiving() as two, asyncio.TaskGroup() as group:
        receivers = dict(zip(CALLED, (one, two), strict=True))
        for authority, receiver in receivers.items():
            answer = await doors.ask(authority, "PUT", "/v1/webhook", json={"url": receiver.url})
            assert answer.status_code == 200, answer.text
            readings[authority].ids = _Live(receiver)
        tasks = [group.create_task(by_pull(doors, readings[each])) for each in PULL]
        tasks += [group.create_task(by_kafka(ground, readings[each])) for each in KAFKA]
        try:
            yield readings
        finally:
            for task in tasks:
                task.cancel()
            for authority in receivers:
                await doors.ask(authority, "DELETE", "/v1/webhook")


class _Live(list[str]):
    """The ids of a receiver's calls, as they come."""

    def __init__(self, receiver: Receiver) -> None:
        super().__init__()
        self._receiver = receiver

    def __iter__(self) -> Iterator[str]:
        return iter(self._receiver.ids)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("seconds", "apart"), [(8, 0.6), pytest.param(300, 5.0, marks=pytest.mark.long)], ids=["short", "long"]
)
async def test_whatever_dies_each_submission_is_delivered_and_read_once_and_in_order(
    ground: Ground, intake: ServiceProcess, pairs: dict[str, ServiceProcess], seconds: float, apart: float
) -> None:
    seed = secrets.randbelow(2**32)
    random = Random(seed)
    urls = tuple(url(each) for name, each in pairs.items() if name.startswith("doors"))
    doors = Doors(ground, f"{url(intake)}/token", urls, random)
    before = {each: await inbox(ground, each) for each in EVERYBODY}
    async with everybody_reads(ground, doors) as readings:
        dying = asyncio.ensure_future(faults(ground, pairs, seconds=seconds, apart=apart, random=random))
        sent = await load(ground, over=dying.done, random=random)
        await dying
        lies = await settled(ground, sent, before)
        await read(readings, lies)
        pulled = {case for case, whose in sent.cases.items() if whose in PULL}
        assert await accepted(ground, pulled) == pulled, f"seed {seed}"
        seen = {each: readings[each].first_seen for each in EVERYBODY}

    await explain_what_is_missing(ground, sent, lies, names=sorted(pairs))
    check_inboxes(sent, lies, seed=seed)
    for authority, found in lies.items():
        mine = [str(each.id) for each in found]
        assert [each for each in seen[authority] if each in set(mine)] == mine, f"{authority}, seed {seed}"
    await check_told(ground, sent, seed=seed)


async def inbox(ground: Ground, authority: str) -> list[Event[Payload]]:
    while True:
        try:
            found = await ground.records(AUTHORITY_INBOX.for_authority(authority), partitions=1)
            break
        except (KafkaError, Unavailable):
            await asyncio.sleep(1)  # the broker has just been restarted
    return [event_of(as_message(each)) for each in found]


async def come(count: Callable[[], Awaitable[int]], *, wanted: int) -> None:
    """Wait until so many have come, or none comes any more: then the assertions say what is missing."""
    loop = asyncio.get_running_loop()
    most, since = 0, loop.time()
    while (now := await count()) < wanted and loop.time() < since + STILL_SECONDS:
        if now > most:
            most, since = now, loop.time()
        await asyncio.sleep(1)


async def settled(
    ground: Ground, sent: Sent, before: dict[str, list[Event[Payload]]]
) -> dict[str, list[Event[Payload]]]:
    """What lies in the inboxes that did not lie there before, once it is all that was sent or no more comes."""
    expected = {*sent.submissions.values(), *sent.supplements.values()}
    lies: dict[str, list[Event[Payload]]] = {}

    async def found() -> int:
        for each in EVERYBODY:
            lies[each] = (await inbox(ground, each))[len(before[each]) :]
        return len(expected & {each.submission_id for records in lies.values() for each in records})

    await come(found, wanted=len(expected))
    return lies


async def read(readings: dict[str, Reading], lies: dict[str, list[Event[Payload]]]) -> None:
    everything = {each: {str(record.id) for record in lies[each]} for each in EVERYBODY}

    async def seen() -> int:
        return sum(len(everything[each] & {*readings[each].ids}) for each in EVERYBODY)

    await come(seen, wanted=sum(map(len, everything.values())))


async def accepted(ground: Ground, cases: AbstractSet[UUID]) -> set[UUID]:
    """Of which of them the router has told that they are accepted, once it is all or no more comes."""
    found = set[UUID]()

    async def told() -> int:
        events = await ground.told(CASE_UPDATED.name, cases)
        found.update(each.case_id for each in events if isinstance(each.data, CaseAccepted))
        return len(found)

    await come(told, wanted=len(cases))
    return found


async def explain_what_is_missing(
    ground: Ground, sent: Sent, lies: dict[str, list[Event[Payload]]], *, names: list[str]
) -> None:
    """Say on stderr what is known of that which did not arrive: a failure then says why."""
    arrived = {each.submission_id for found in lies.values() for each in found}
    missing = [
        Missing(submission=submission, case=case, authority=whose)
        for case, whose in sent.cases.items()
        for submission in (sent.submissions[case], sent.supplements.get(case))
        if submission is not None and submission not in arrived
    ]
    for each in missing[:MOST_EXPLAINED]:
        sys.stderr.write(f"{await explain(ground, each)}\n")
    if missing:
        sys.stderr.write("".join(f"{line}\n" for line in logged(ground, names)))


def check_inboxes(sent: Sent, lies: dict[str, list[Event[Payload]]], *, seed: int) -> None:
    """Each submission and supplement lies in one inbox, once, in order, and nothing else does."""
    for authority, found in lies.items():
        deliveries = Counter(each.case_id for each in found if isinstance(each.data, SubmissionDelivered))
        mine = [case for case, whose in sent.cases.items() if whose == authority]
        assert deliveries == Counter(mine), f"{authority}, seed {seed}"
        more = Counter(each.submission_id for each in found if isinstance(each.data, SupplementDelivered))
        assert more == Counter(sent.supplements[case] for case in mine if case in sent.supplements), (
            f"seed {seed}"
        )
        assert len({each.id for each in found}) == len(found), f"{authority}, seed {seed}"
        known: set[UUID] = set()
        for each in found:
            assert isinstance(each.data, SubmissionDelivered | SupplementDelivered), f"seed {seed}"
            assert isinstance(each.data, SubmissionDelivered) or each.case_id in known, f"seed {seed}"
            known.add(each.case_id)


async def check_told(ground: Ground, sent: Sent, *, seed: int) -> None:
    """One routing of each case; what its authority did is told once, and fetched before accepted."""
    routed = await ground.told(SUBMISSION_ROUTED.name, sent.cases)
    counted = Counter(each.case_id for each in routed if isinstance(each.data, SubmissionRouted))
    assert counted == Counter(dict.fromkeys(sent.cases, 1)), f"seed {seed}"
    told = await ground.told(CASE_UPDATED.name, sent.cases)
    steps = [
        (each.case_id, type(each.data)) for each in told if isinstance(each.data, CaseAccepted | CaseFetched)
    ]
    assert not [step for step, times in Counter(steps).items() if times > 1], f"seed {seed}"
    for case in sent.cases:
        mine = [kind for about_case, kind in steps if about_case == case]
        assert mine in ([], [CaseFetched], [CaseAccepted], [CaseFetched, CaseAccepted]), f"seed {seed}"
