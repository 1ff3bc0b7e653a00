"""Whatever the rhythm of refusals, an authority is told of few one by one, and of every one in the end."""

from datetime import UTC, datetime, timedelta
from uuid import uuid5

from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.cases.refusals import (
    MOST_TOLD,
    WINDOW,
    due_sum,
    remembered,
    share_of,
    tell_refusal,
)
from shared.events.answer_refusal import AnswerRefusalsTold
from shared.events.case import AnswerGiven, CaseAnswered, RefusalReason
from shared.events.envelope import Event
from shared.events.topics import PARTITIONS
from tests.support.events import CASE_ID, GIESSEN, RECEIVED_AT, event

START = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
PAUSES = st.sampled_from([timedelta(), timedelta(seconds=7), timedelta(minutes=20), WINDOW, 2 * WINDOW])
REASONS: st.SearchStrategy[RefusalReason] = st.sampled_from(["already-decided", "not-in-custody"])
SHARE = share_of(PARTITIONS)
STEPS = st.lists(st.tuples(PAUSES, REASONS, st.integers(1, 40), st.booleans()), max_size=12)


def answered(number: int) -> Event[CaseAnswered]:
    given_ = AnswerGiven(kind="accepted", given_at=RECEIVED_AT)
    data = CaseAnswered(authority=GIESSEN, own_id=f"a/{number}", answer=given_)
    return event(data, event_id=uuid5(CASE_ID, str(number)))


class Authority:
    """What one partition tells one authority, and when."""

    def __init__(self) -> None:
        self.known: AnswerRefusalsTold | None = None
        self.refused = 0
        self.told: list[datetime] = []
        self.sums: list[tuple[datetime, int]] = []

    def refuse(self, reason: RefusalReason, now: datetime) -> None:
        self.look(now)
        self.known, told = tell_refusal(self.known, answered(self.refused), reason, share=SHARE, now=now)
        self.refused += 1
        self.told += [now] if told else []

    def look(self, now: datetime) -> None:
        due = self.known and due_sum(self.known, GIESSEN, now=now)
        if self.known and due:
            self.sums.append((now, due.data.count))
            assert due.data.count == sum(each.count for each in due.data.reasons)
            assert len({each.reason for each in due.data.reasons}) == len(due.data.reasons)
            self.known = remembered(self.known, now=now)


@given(STEPS)
def test_refusals_are_limited_per_hour_and_each_is_reported_or_counted_once(
    steps: list[tuple[timedelta, RefusalReason, int, bool]],
) -> None:
    authority, now = Authority(), START
    for pause, reason, times, looked in steps:
        now += pause
        if looked:
            authority.look(now)
        for _ in range(times):
            authority.refuse(reason, now)
    authority.look(now + WINDOW)

    for at in authority.told:
        assert sum(at <= other < at + WINDOW for other in authority.told) <= SHARE
    for at, _ in authority.sums:
        assert sum(at <= other < at + WINDOW for other, _ in authority.sums) == 1
    assert len(authority.told) + sum(count for _, count in authority.sums) == authority.refused


@given(STEPS)
def test_what_is_remembered_of_an_authority_is_bounded(
    steps: list[tuple[timedelta, RefusalReason, int, bool]],
) -> None:
    authority, now = Authority(), START
    for pause, reason, times, _ in steps:
        now += pause
        for _ in range(times):
            authority.refuse(reason, now)
        assert authority.known is not None
        assert len(authority.known.told) <= SHARE
        assert AnswerRefusalsTold.from_json(authority.known.to_json()) == authority.known


@given(st.integers(1, MOST_TOLD))
def test_the_shares_of_all_partitions_together_are_within_the_bound(partitions: int) -> None:
    assert MOST_TOLD - partitions < share_of(partitions) * partitions <= MOST_TOLD


def test_with_more_partitions_than_the_limit_each_partition_reports_one() -> None:
    assert share_of(MOST_TOLD + 1) == 1
