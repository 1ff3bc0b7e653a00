"""Every record of a batch is applied, set aside or held back, each once, in order; nothing else happens to it."""

import asyncio
from collections.abc import Sequence

import pytest
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from shared.engine.batch import BatchAttempt, BatchOutcome
from shared.engine.failure_policy import FailurePolicy
from shared.engine.plan import Plan
from shared.errors import Unavailable, Undecodable
from shared.events.envelope import decode
from shared.events.operation import OperationSettled, SuspendOrdered
from shared.events.topics import OPERATION_ORDERED, OPERATION_SETTLED
from shared.kafka.records import Record
from shared.telemetry.metrics import Telemetry
from tests.unit.engine.memory_sink import (
    GROUP,
    MemoryOrigins,
    MemoryTransaction,
    close,
    order,
    place,
    record,
    replay,
)

PLAN = Plan(
    group=GROUP,
    inputs=("in",),
    dead_letters="dead",
    orders=frozenset({"orders"}),
)
FINE, UNDECODABLE, BUG, AWAY = b"", b"!", b"?", b"~"


def judge(tried: Record) -> None:
    match tried.value:
        case b"!":
            raise Undecodable("an exclamation mark")
        case b"?":
            raise RuntimeError("a bug")
        case b"~":
            raise Unavailable("something is away")


async def attempt(
    records: Sequence[Record],
    transaction: MemoryTransaction,
    *,
    policy: FailurePolicy,
    portion: int = 1,
    origins: MemoryOrigins | None = None,
) -> BatchOutcome:
    """One batch that commits."""
    batch = BatchAttempt(
        policy.together([*records]),
        plan=PLAN,
        policy=policy,
        telemetry=Telemetry(),
        origins=origins or MemoryOrigins(),
    )
    outcome = await batch.run(transaction, portion=portion)
    policy.committed(outcome.done, outcome.marks)
    return outcome


async def to_the_end(
    records: Sequence[Record],
    transaction: MemoryTransaction,
    *,
    portion: int = 1,
    origins: MemoryOrigins | None = None,
) -> BatchOutcome:
    """Batch after batch until nothing is left, or the limit is reached."""
    policy, left = FailurePolicy(PLAN), [*records]
    for _ in range(4 * len(records) + 1):
        outcome = await attempt(left, transaction, policy=policy, portion=portion, origins=origins)
        left = left[len(outcome.done) :]
        if outcome.stop is not None or not left:
            return outcome
    raise AssertionError(f"{len(left)} records are never done with")


KINDS = st.lists(st.sampled_from([FINE, FINE, FINE, UNDECODABLE, BUG]), max_size=15)


@given(KINDS, st.sampled_from([1, 7, 100]))
def test_each_record_is_applied_or_set_aside_independently_of_other_failures(
    kinds: list[bytes], portion: int
) -> None:
    records = [record(n, kind) for n, kind in enumerate(kinds)]
    transaction = MemoryTransaction(judge)

    asyncio.run(to_the_end(records, transaction, portion=portion))

    assert [r.value for r in transaction.applied] == [kind for kind in kinds if kind == FINE]
    assert len(transaction.letters) == sum(kind != FINE for kind in kinds)


@given(st.lists(st.sampled_from([FINE, AWAY]), max_size=12), st.sampled_from([1, 5]))
def test_what_is_unavailable_holds_back_its_partition_in_order_and_no_other(
    kinds: list[bytes], portion: int
) -> None:
    records = [record(n, kind, partition=n % 2) for n, kind in enumerate(kinds)]
    transaction = MemoryTransaction(judge)

    outcome = asyncio.run(attempt(records, transaction, policy=FailurePolicy(PLAN), portion=portion))

    for partition in (0, 1):
        own = [r for r in records if r.partition == partition]
        held = outcome.held_back.get(TopicPartition("in", partition), [])
        assert [r for r in outcome.done if r.partition == partition] + held == own


async def test_one_failure_in_a_large_portion_is_found_in_few_attempts() -> None:
    records = [record(n, UNDECODABLE if n == 371 else FINE) for n in range(512)]
    transaction = MemoryTransaction(judge)

    await attempt(records, transaction, policy=FailurePolicy(PLAN), portion=512)

    assert len(transaction.applied) == 511
    assert transaction.tried < 25


async def test_a_record_twice_failed_is_tried_alone_and_then_set_aside() -> None:
    records = [record(0), record(1, BUG), record(2)]
    policy, transaction = FailurePolicy(PLAN), MemoryTransaction(judge)

    first = await attempt(records, transaction, policy=policy)
    second = await attempt(records[1:], transaction, policy=policy)
    third = await attempt(records[1:], transaction, policy=policy)

    assert [[r.offset for r in o.done] for o in (first, second, third)] == [[0], [], [1]]
    assert transaction.letters["in/0/1"].attempts == 3


async def blocked_case(*more: Record) -> tuple[MemoryTransaction, MemoryOrigins, list[Record]]:
    """A case whose first record the code has failed on, and which another follows."""
    records = [record(0, BUG, key=b"case"), record(1, key=b"case"), *more]
    transaction, origins = MemoryTransaction(judge), MemoryOrigins()
    await to_the_end(records, transaction)
    origins.keep(*records)
    return transaction, origins, records


async def test_later_records_of_the_key_follow_until_they_are_replayed_in_their_order() -> None:
    transaction, origins, (poison, follower, _) = await blocked_case(record(2, key=b"other"))
    assert [r.offset for r in transaction.applied] == [2]

    transaction.judge = lambda _: None  # the release that mends it
    mended = [replay(0, poison), replay(1, follower), record(3, key=b"case")]
    await to_the_end(mended, transaction, origins=origins)

    assert [r.offset for r in transaction.applied] == [2, 0, 1, 3]
    assert transaction.letters == {}
    assert [told.outcome for told in transaction.reports] == ["applied", "applied"]


async def test_a_letter_before_which_another_of_its_key_is_unsettled_waits_for_its_turn() -> None:
    transaction, origins, (poison, follower) = await blocked_case()
    transaction.judge = lambda _: None

    await to_the_end(
        [replay(0, follower), close(1, poison), replay(2, follower)], transaction, origins=origins
    )

    assert [(told.outcome, told.detail) for told in transaction.reports] == [
        ("not-its-turn", "in/0/0"),
        ("closed", "obsolete"),
        ("applied", ""),
    ]
    assert [r.offset for r in transaction.applied] == [1]


def settled(transaction: MemoryTransaction) -> list[OperationSettled]:
    """What is on record about orders, by their events."""
    events = [
        decode(told.value, told.headers, OPERATION_SETTLED.payloads).data
        for told in transaction.told
        if told.topic == OPERATION_SETTLED.name
    ]
    return [event for event in events if isinstance(event, OperationSettled)]


async def test_what_became_of_each_order_is_an_event_of_its_own() -> None:
    transaction, origins, (poison, follower) = await blocked_case()

    orders = [
        replay(0, follower),
        replay(1, poison),
        close(2, poison),
        replay(3, follower),
        replay(4, poison),
    ]
    await to_the_end(orders, transaction, origins=origins)

    first = place(poison)
    assert [(each.outcome, each.before, each.letters) for each in settled(transaction)] == [
        ("not-its-turn", first, 0),
        ("failed", None, 0),
        ("closed", None, 1),
        ("applied", None, 1),
        ("not-open", None, 0),
    ]
    assert {each.group for each in settled(transaction)} == {PLAN.group}
    ordered = [decode(each.value, each.headers, OPERATION_ORDERED.payloads).id for each in orders]
    assert [each.order_id for each in settled(transaction)] == ordered


async def test_the_event_of_an_order_says_nothing_of_what_the_code_said_about_the_record() -> None:
    transaction, origins, (poison, _) = await blocked_case()

    await to_the_end([replay(0, poison)], transaction, origins=origins)

    (told,) = (each for each in transaction.told if each.topic == OPERATION_SETTLED.name)
    assert b"RuntimeError" not in (told.value or b"")


async def test_a_replay_that_fails_again_leaves_its_letter_and_says_why() -> None:
    transaction, origins, (poison, _) = await blocked_case()

    await to_the_end([replay(0, poison)], transaction, origins=origins)

    (told,) = transaction.reports
    assert (told.outcome, "RuntimeError" in told.detail) == ("failed", True)
    assert [*transaction.letters] == ["in/0/0", "in/0/1"]


async def test_a_record_that_has_expired_is_said_to_be_gone_and_can_only_be_given_up() -> None:
    transaction, _, (poison, _) = await blocked_case()

    await to_the_end([replay(0, poison), close(1, poison), replay(2, poison)], transaction)

    assert [told.outcome for told in transaction.reports] == ["expired", "closed", "not-open"]


async def test_a_replay_waits_while_its_record_cannot_be_read_and_delays_nobody() -> None:
    transaction, origins, (poison, _) = await blocked_case()
    origins.away = True

    outcome = await attempt(
        [replay(0, poison), record(5, key=b"other")], transaction, policy=FailurePolicy(PLAN), origins=origins
    )

    assert [r.offset for r in outcome.done] == [5]
    assert [*outcome.held_back] == [TopicPartition(OPERATION_ORDERED.name, 0)]
    assert transaction.reports == []


async def test_orders_to_another_group_and_about_authorities_change_nothing_here() -> None:
    transaction, origins, (poison, _) = await blocked_case()
    suspended = SuspendOrdered(authority="g-06531005", principal="operator")

    outcome = await to_the_end(
        [replay(0, poison, group="another"), order(1, suspended)], transaction, origins=origins
    )

    assert len(outcome.done) == 2
    assert (transaction.applied, transaction.reports) == ([], [])
    assert [*transaction.letters] == ["in/0/0", "in/0/1"]


async def test_a_malformed_order_becomes_a_dead_letter() -> None:
    transaction = MemoryTransaction(judge)

    await to_the_end([Record(OPERATION_ORDERED.name, 0, 0, 0, b"g", b"{}")], transaction)

    assert transaction.letters[f"{OPERATION_ORDERED.name}/0/0"].kind == "undecodable"


async def test_after_the_order_to_resume_the_limit_starts_again() -> None:
    policy, transaction = FailurePolicy(PLAN), MemoryTransaction(judge)
    left = [record(n, UNDECODABLE) for n in range(30)]

    stopped = await attempt(left, transaction, policy=policy)
    policy.go_on()
    gone_on = await attempt(left[20:], transaction, policy=policy)

    assert (len(stopped.done), stopped.stop is None) == (20, False)
    assert (len(gone_on.done), gone_on.stop) == (10, None)


@pytest.mark.parametrize("portion", [1, 100])
async def test_after_the_limit_what_was_decided_is_kept_so_that_each_restart_gets_further(
    portion: int,
) -> None:
    records = [record(n, UNDECODABLE) for n in range(45)]
    transaction = MemoryTransaction(judge)
    done = []

    while records:
        outcome = await to_the_end(records, transaction, portion=portion)
        done.append(len(outcome.done))
        records = records[len(outcome.done) :]

    assert done == [20, 20, 5]


async def test_what_only_follows_another_letter_never_stops_the_consumer() -> None:
    transaction = MemoryTransaction(judge)
    await to_the_end([record(0, BUG, key=b"case")], transaction)

    outcome = await to_the_end([record(n, key=b"case") for n in range(1, 100)], transaction)

    assert outcome.stop is None
    assert len(transaction.letters) == 100


async def test_an_order_is_tried_although_its_case_is_blocked() -> None:
    transaction = MemoryTransaction(judge)
    await to_the_end([record(0, BUG, key=b"case")], transaction)

    await to_the_end([Record("orders", 0, 0, 0, b"case", b"")], transaction)

    assert [r.topic for r in transaction.applied] == ["orders"]
