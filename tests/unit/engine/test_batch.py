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
from shared.kafka.records import Record
from shared.telemetry.metrics import Telemetry
from tests.unit.engine.memory_sink import GROUP, MemoryTransaction, record, replay

PLAN = Plan(group=GROUP, inputs=("in",), dead_letters="dead", orders=frozenset({"orders"}))
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
) -> BatchOutcome:
    """One batch that commits."""
    batch = BatchAttempt(policy.together([*records]), plan=PLAN, policy=policy, telemetry=Telemetry())
    outcome = await batch.run(transaction, portion=portion)
    policy.committed(outcome.done, outcome.marks)
    return outcome


async def to_the_end(
    records: Sequence[Record], transaction: MemoryTransaction, *, portion: int = 1
) -> BatchOutcome:
    """Batch after batch until nothing is left, or the limit is reached."""
    policy, left = FailurePolicy(PLAN), [*records]
    for _ in range(4 * len(records) + 1):
        outcome = await attempt(left, transaction, policy=policy, portion=portion)
        left = left[len(outcome.done) :]
        if outcome.stop is not None or not left:
            return outcome
    raise AssertionError(f"{len(left)} records are never done with")


KINDS = st.lists(st.sampled_from([FINE, FINE, FINE, UNDECODABLE, BUG]), max_size=15)


@given(KINDS, st.sampled_from([1, 7, 100]))
def test_each_record_is_applied_or_set_aside_whatever_fails_beside_it(
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


async def test_later_records_of_the_key_follow_until_it_is_replayed() -> None:
    poison = record(0, BUG, key=b"case")
    transaction = MemoryTransaction(judge)
    await to_the_end([poison, record(1, key=b"case"), record(2, key=b"other")], transaction)
    assert [r.offset for r in transaction.applied] == [2]

    mended = [replay(3, poison), replay(4, record(1, key=b"case")), record(5, key=b"case")]
    await to_the_end(mended, transaction)

    assert [r.offset for r in transaction.applied] == [2, 3, 4, 5]
    assert transaction.letters == {}


async def test_a_replay_for_another_group_neither_settles_nor_overtakes() -> None:
    poison = record(0, BUG, key=b"case")
    transaction = MemoryTransaction(judge)
    await to_the_end([poison], transaction)

    await to_the_end([replay(1, poison, group="another")], transaction)

    assert transaction.applied == []
    assert transaction.letters["in/0/1"].reason == "follows a dead letter of its case"


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
