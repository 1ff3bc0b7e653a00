"""Reports to an authority's inbox about answers without effect: one by one up to a limit per hour, then as a sum.

Custody is partitioned and each partition counts for itself: each has its share of the limit, and its count is committed
together with the refusal.
"""

from datetime import datetime, timedelta
from typing import Final

from services.router.domain.cases.custody import SOURCE
from shared.events.answer_refusal import (
    AnswerRefusalDelivered,
    AnswerRefusalsHeldBack,
    AnswerRefusalsSummed,
    AnswerRefusalsTold,
    AnswerWithoutEffect,
    RefusalCount,
)
from shared.events.case import CaseAnswered, RefusalReason
from shared.events.envelope import Event
from shared.events.ids import child_id

REFUSALS: Final = "refusals/"
"""Prefix of the keys of the custody topic that hold an authority's refusals; the authority follows. Other keys are cases."""

WINDOW: Final = timedelta(hours=1)
MOST_TOLD: Final = 100
"""Most refusals within `WINDOW` that are reported to an authority one by one."""
SHOWN: Final = timedelta(days=14)
MOST_SHOWN: Final = 5
"""So many refusals of one partition its authority sees at a glance, for `SHOWN`: a clerk reads no inbox."""


def share_of(partitions: int) -> int:
    """The share of `MOST_TOLD` of one partition."""
    return max(1, MOST_TOLD // max(1, partitions))


def tell_refusal(
    before: AnswerRefusalsTold | None,
    answered: Event[CaseAnswered],
    reason: RefusalReason,
    *,
    share: int,
    now: datetime,
) -> tuple[AnswerRefusalsTold, AnswerRefusalDelivered | None]:
    """Return the state to keep, and the report for the inbox; None if the refusal is only counted.

    ``share`` is how many this partition reports within `WINDOW`. The caller has already reported a sum that is due: `due_sum`.
    """
    known, given = before or AnswerRefusalsTold(), answered.data
    recent, held_back = _recent(known, now=now), known.held_back
    this = AnswerWithoutEffect(
        at=now,
        case_id=answered.case_id,
        answer_id=answered.id,
        own_id=given.own_id,
        kind=given.answer.kind,
        reason=reason,
    )
    latest = (*_shown(known, now=now), this)[-MOST_SHOWN:]
    if held_back is None and len(recent) < share:
        told = AnswerRefusalDelivered(
            authority=given.authority,
            answer_id=answered.id,
            own_id=given.own_id,
            kind=given.answer.kind,
            reason=reason,
        )
        return AnswerRefusalsTold(told=(*recent, now), latest=latest), told
    counted = AnswerRefusalsHeldBack(
        since=now if held_back is None else held_back.since,
        reasons=_one_more(() if held_back is None else held_back.reasons, reason),
        answer_id=answered.id,
        case_id=answered.case_id,
        submission_id=answered.submission_id,
    )
    return AnswerRefusalsTold(told=recent, held_back=counted, latest=latest), None


def due_sum(
    known: AnswerRefusalsTold, authority: str, *, now: datetime
) -> Event[AnswerRefusalsSummed] | None:
    """The sum of the refusals held back, an hour after the first of them; None before, or if there are none."""
    held_back = known.held_back
    if held_back is None or now - held_back.since < WINDOW:
        return None
    return Event(
        id=child_id(held_back.answer_id, "refusals-summed"),
        source=SOURCE,
        time=now,
        case_id=held_back.case_id,
        submission_id=held_back.submission_id,
        data=AnswerRefusalsSummed(
            authority=authority,
            since=held_back.since,
            until=now,
            count=sum(each.count for each in held_back.reasons),
            reasons=held_back.reasons,
        ),
    )


def remembered(known: AnswerRefusalsTold, *, now: datetime) -> AnswerRefusalsTold | None:
    """The state to keep once nothing is held back; None if no report is within `WINDOW` and none is shown any more."""
    recent, shown = _recent(known, now=now), _shown(known, now=now)
    return AnswerRefusalsTold(told=recent, latest=shown) if recent or shown else None


def _shown(known: AnswerRefusalsTold, *, now: datetime) -> tuple[AnswerWithoutEffect, ...]:
    return tuple(each for each in known.latest if now - each.at < SHOWN)


def _recent(known: AnswerRefusalsTold, *, now: datetime) -> tuple[datetime, ...]:
    return tuple(at for at in known.told if now - at < WINDOW)


def _one_more(reasons: tuple[RefusalCount, ...], reason: RefusalReason) -> tuple[RefusalCount, ...]:
    before = next((each.count for each in reasons if each.reason == reason), 0)
    others = tuple(each for each in reasons if each.reason != reason)
    return (*others, RefusalCount(reason=reason, count=before + 1))
