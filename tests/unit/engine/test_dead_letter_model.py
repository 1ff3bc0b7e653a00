"""Groups under random failures, replays, closes and restarts: each failed record is listed, given up or applied once.

In order per key and group. The Kafka group runs on the engine's own transaction and states, restored from its topic at
every restart; the other on the transaction in memory that stands for PostgreSQL's.
"""

import asyncio
import copy
from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.engine.batch import BatchAttempt
from shared.engine.failure_policy import FailurePolicy
from shared.engine.kafka_sink import KafkaSink
from shared.engine.kafka_transaction import KafkaTransaction
from shared.engine.plan import Plan
from shared.engine.processor import State
from shared.engine.sink import SinkTransaction
from shared.engine.state_store import StateStore
from shared.errors import Unavailable, Undecodable
from shared.events.topics import OPERATION_ORDERED
from shared.kafka.dead_letters import dead_letter, is_letter, origin, place_of, settled
from shared.kafka.records import Message, Record
from shared.telemetry.metrics import Telemetry
from tests.unit.engine.memory_sink import MemoryOrigins, MemoryTransaction, close, close_case, replay

pytestmark = pytest.mark.slow

FINE, BUG, UNREADABLE, AWAY = b"fine", b"bug", b"unreadable", b"away"
KEYS: Final = (b"3f0e6b0a-8f2d-5b1c-a7e4-1c2d3e4f5a6b", b"3f0e6b0a-8f2d-5b1c-a7e4-1c2d3e4f5a6c")


class Topics:
    """What lies on the two inputs."""

    def __init__(self) -> None:
        self.records: dict[str, list[Record]] = {"in": [], OPERATION_ORDERED.name: []}
        self.cases_closed: dict[int, tuple[str, bytes]] = {}
        """Group and key, by the offset of the order."""
        self.origins = MemoryOrigins()
        self.loop = asyncio.new_event_loop()

    def send(self, key: bytes, value: bytes) -> None:
        sent = Record("in", 0, len(self.records["in"]), 0, key, value)
        self.records["in"].append(sent)
        self.origins.keep(sent)


class Group:
    """One group's progress; subclasses say what a transaction is and what committing it keeps."""

    portion = 3

    def __init__(self, name: str, topics: Topics) -> None:
        self.plan = Plan(group=name, inputs=("in", OPERATION_ORDERED.name), dead_letters=f"{name}.dead")
        self.topics = topics
        self.positions = dict.fromkeys(topics.records, 0)
        self.applied: list[Record] = []
        self.letters: list[Record] = []
        self.given_up: set[str] = set()
        self.mended = self.away = False
        self.policy = FailurePolicy(self.plan)

    def judge(self, tried: Record) -> None:
        if tried.value == AWAY and self.away:
            raise Unavailable("away")
        if tried.value == UNREADABLE and not self.mended:
            raise Undecodable("not readable")
        if tried.value == BUG and not self.mended:
            raise RuntimeError("a bug")

    def next_records(self, size: int) -> list[Record]:
        waiting = [r for topic, at in self.positions.items() for r in self.topics.records[topic][at:]]
        return waiting[:size]

    def run(self, size: int, *, killed: bool) -> None:
        transaction = self.begin()
        records = self.policy.together(self.next_records(size))
        batch = BatchAttempt(
            records, plan=self.plan, policy=self.policy, telemetry=Telemetry(), origins=self.topics.origins
        )
        outcome = self.topics.loop.run_until_complete(batch.run(transaction, portion=self.portion))
        if killed:
            self.restart()
            return
        self.commit(transaction)
        for done in outcome.done:
            self.positions[done.topic] += 1
        for done in outcome.done:
            if done.topic == OPERATION_ORDERED.name:
                self.give_up(*self.topics.cases_closed.get(done.offset, ("", b"")))
        self.policy.committed([*outcome.done, *outcome.tried_again], outcome.marks)
        if outcome.stop is not None:
            self.restart()

    def give_up(self, group: str, key: bytes) -> None:
        """A case is closed as it lies when the order takes effect: what has come since it was given belongs to it."""
        if group == self.plan.group:
            taken = self.topics.records["in"][: self.positions["in"]]
            self.given_up |= {place_of(record) for record in taken if record.key == key}

    def begin(self) -> SinkTransaction:
        raise NotImplementedError

    def commit(self, transaction: SinkTransaction) -> None:
        raise NotImplementedError

    def restart(self) -> None:
        self.policy = FailurePolicy(self.plan)

    def write(self, message: Message) -> None:
        if message.topic == self.plan.outcomes:
            return
        at = len(self.letters)
        self.letters.append(Record(message.topic, 0, at, 0, message.key, message.value, message.headers))

    def listed(self) -> list[str]:
        """The places of unsettled letters, as the operator's command finds them."""
        waiting: dict[str, None] = {}
        for record in self.letters:
            if is_letter(record):
                waiting[origin(record.headers).place] = None
            elif (done := settled(record)) is not None:
                waiting.pop(done, None)
        return [*waiting]


class KafkaGroup(Group):
    """On the engine's own transaction; its state topic is compacted between restarts."""

    portion = KafkaSink.portion

    def __init__(self, name: str, topics: Topics) -> None:
        super().__init__(name, topics)
        self.store = StateStore()
        self.state_topic: list[Record] = []

    def wants(self, record: Record, state: State) -> Sequence[str]:
        return ()

    def on_record(self, record: Record, state: State) -> Sequence[Message]:
        self.judge(record)
        state.put(f"last/{(record.key or b'').decode()}", b"%d" % record.offset)
        return (Message("out", record.key or b"", b"%d" % record.offset),)

    def on_poisoned(self, record: Record, state: State) -> Sequence[Message]:
        return ()

    def begin(self) -> SinkTransaction:
        return KafkaTransaction(self.plan, self, self.store, None)

    def commit(self, transaction: SinkTransaction) -> None:
        assert isinstance(transaction, KafkaTransaction)
        for cause, message in transaction.outputs:
            if message.topic == "out":
                assert cause is not None
                self.applied.append(cause)
            else:
                self.write(message)
        changes = transaction.overlay.changes | transaction.engine_changes
        for key, value in changes.items():
            self.state_topic.append(Record("state", 0, len(self.state_topic), 0, key.encode(), value))
        self.store.merge(changes, position=len(self.state_topic))

    def restart(self) -> None:
        super().restart()
        last = {record.key: record.offset for record in self.state_topic}
        self.store = StateStore()
        for record in self.state_topic:
            if last[record.key] == record.offset:
                self.store.restored(record)


class MemoryGroup(Group):
    """On the transaction in memory."""

    def __init__(self, name: str, topics: Topics) -> None:
        super().__init__(name, topics)
        self.kept = MemoryTransaction(self.judge)

    def begin(self) -> SinkTransaction:
        begun = MemoryTransaction(self.judge)
        begun.blocked, begun.letters = copy.copy(self.kept.blocked), copy.copy(self.kept.letters)
        return begun

    def commit(self, transaction: SinkTransaction) -> None:
        assert isinstance(transaction, MemoryTransaction)
        self.applied += transaction.applied
        lies = {place_of(r): r for records in self.topics.records.values() for r in records}
        for place in [place for place in transaction.letters if place not in self.kept.letters]:
            verdict = transaction.letters[place]
            self.write(
                dead_letter(lies[place], to=self.plan.dead_letters, kind=verdict.kind, reason=verdict.reason)
            )
        for place in self.kept.letters.keys() - transaction.letters.keys():
            self.write(Message(self.plan.dead_letters, b"", None, (("dl_settled", place.encode()),)))
        self.kept = transaction


class DeadLetters(RuleBasedStateMachine):
    """Two groups on the same topics, failing apart."""

    def __init__(self) -> None:
        super().__init__()
        self.topics = Topics()
        self.groups: list[Group] = [KafkaGroup("one", self.topics), MemoryGroup("other", self.topics)]
        self.lost: dict[str, set[str]] = {group.plan.group: set() for group in self.groups}

    @rule(
        sent=st.lists(
            st.tuples(st.sampled_from(KEYS), st.sampled_from([FINE, FINE, BUG, BUG, UNREADABLE, AWAY])),
            min_size=1,
            max_size=4,
        )
    )
    def records_are_sent(self, sent: list[tuple[bytes, bytes]]) -> None:
        for key, value in sent:
            self.topics.send(key, value)

    @rule(which=st.integers(0, 1), size=st.integers(1, 12), rounds=st.integers(1, 8), killed=st.booleans())
    def a_group_works(self, which: int, size: int, rounds: int, *, killed: bool) -> None:
        for _ in range(rounds):
            self.groups[which].run(size, killed=False)
        if killed:
            self.groups[which].run(size, killed=True)

    @rule(which=st.integers(0, 1))
    def a_release_mends_or_breaks(self, which: int) -> None:
        self.groups[which].mended = not self.groups[which].mended
        self.groups[which].restart()

    @rule(away=st.booleans(), kafka_away=st.booleans())
    def something_is_away_or_back(self, *, away: bool, kafka_away: bool) -> None:
        self.topics.origins.away = kafka_away
        for group in self.groups:
            group.away = away

    @precondition(lambda self: any(group.listed() for group in self.groups))
    @rule(data=st.data(), gives_up=st.sampled_from([False, False, True]))
    def an_operator_orders(self, data: st.DataObject, *, gives_up: bool) -> None:
        group = data.draw(st.sampled_from([group for group in self.groups if group.listed()]))
        self.order(group, data.draw(st.sampled_from(group.listed())), gives_up=gives_up)

    @precondition(lambda self: self.topics.records["in"])
    @rule(data=st.data(), which=st.integers(0, 1), gives_up=st.booleans())
    def an_operator_is_mistaken(self, data: st.DataObject, which: int, *, gives_up: bool) -> None:
        """About any record at all: where it is none of the group's letters, nothing must change."""
        place = place_of(data.draw(st.sampled_from(self.topics.records["in"])))
        self.order(self.groups[which], place, gives_up=gives_up)

    def order(self, group: Group, place: str, *, gives_up: bool) -> None:
        record = self.topics.records["in"][int(place.rsplit("/", 1)[1])]
        orders = self.topics.records[OPERATION_ORDERED.name]
        orders.append((close if gives_up else replay)(len(orders), record, group=group.plan.group))
        if gives_up:
            group.given_up.add(place)

    @precondition(lambda self: any(group.listed() for group in self.groups))
    @rule(which=st.integers(0, 1))
    def letters_expire(self, which: int) -> None:
        group = self.groups[which]
        self.lost[group.plan.group] |= {*group.listed()}
        group.letters.clear()

    @rule(which=st.integers(0, 1), key=st.sampled_from(KEYS))
    def an_operator_closes_a_case(self, which: int, key: bytes) -> None:
        self.close_case(self.groups[which], key)

    def close_case(self, group: Group, key: bytes) -> None:
        orders = self.topics.records[OPERATION_ORDERED.name]
        self.topics.cases_closed[len(orders)] = (group.plan.group, key)
        orders.append(close_case(len(orders), key, group=group.plan.group))

    def teardown(self) -> None:
        """In the end all is mended, what is listed is replayed in the order of the list, to the last, or given up."""
        self.topics.origins.away = False
        for group in self.groups:
            group.mended, group.away = True, False
            group.restart()
            self.work_to_the_end(group)
            if self.lost[group.plan.group]:
                for key in KEYS:
                    self.close_case(group, key)
            self.work_to_the_end(group)
            for place in group.listed():
                self.order(group, place, gives_up=False)
            self.work_to_the_end(group)
            assert group.listed() == []
            self.every_record_that_was_taken_is_applied_once_or_listed_or_given_up()
            self.records_of_a_key_are_applied_in_their_order()
        self.nothing_is_held_up_any_more()
        self.topics.loop.close()

    def nothing_is_held_up_any_more(self) -> None:
        for key in KEYS:
            self.topics.send(key, FINE)
        last = {place_of(record) for record in self.topics.records["in"][-len(KEYS) :]}
        for group in self.groups:
            self.work_to_the_end(group)
            assert last <= {place_of(record) for record in group.applied}

    def work_to_the_end(self, group: Group) -> None:
        for _ in range(1000):
            if not group.next_records(1):
                return
            group.run(12, killed=False)
        raise AssertionError(f"{group.plan.group}: does not come to an end")

    @invariant()
    def every_record_that_was_taken_is_applied_once_or_listed_or_given_up(self) -> None:
        for group in self.groups:
            applied = [place_of(record) for record in group.applied]
            listed = group.listed()
            assert len(applied) == len({*applied})
            assert not {*applied} & {*listed}
            taken = {place_of(r) for r in self.topics.records["in"][: group.positions["in"]]}
            gone = group.given_up | self.lost[group.plan.group]
            assert taken - {*applied} - {*listed} <= gone
            assert {*applied, *listed} <= taken

    @invariant()
    def records_of_a_key_are_applied_in_their_order(self) -> None:
        for group in self.groups:
            for key in KEYS:
                # What could not be read blocks nobody: it may come late.
                own = [r.offset for r in group.applied if r.key == key and r.value != UNREADABLE]
                assert own == sorted(own)


DeadLetters.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestDeadLetters = DeadLetters.TestCase
