"""Answers that the inbox door accepted but that had no effect: what the authority reads, what the router remembers."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.events.case import AnswerKind, OwnId, RefusalReason
from shared.events.payload import AuthorityId, Instant, Payload, WireModel


class AnswerRefusalDelivered(Payload):
    """In the inbox: an answer that the door accepted has no effect, because the case has changed since; ``reason`` says how.

    ``answerId`` is the id that the door returned, ``ownId`` the authority's own.
    """

    authority: AuthorityId
    answer_id: UUID
    own_id: OwnId
    kind: AnswerKind
    reason: RefusalReason


class RefusalCount(WireModel):
    """How many answers were refused for this reason."""

    reason: RefusalReason
    count: Annotated[int, Field(ge=1)]


class AnswerRefusalsSummed(Payload):
    """In the inbox: ``count`` further answers had no effect and were not reported one by one.

    ``reasons`` gives the count for each reason. ``ce_caseid`` is the case of the last of them; the history of each
    case names its own.
    """

    authority: AuthorityId
    since: Instant
    until: Instant
    count: Annotated[int, Field(ge=1)]
    reasons: tuple[RefusalCount, ...]


class AnswerRefusalsHeldBack(WireModel):
    """Refusals counted and not yet reported; ``answerId``, ``caseId`` and ``submissionId`` are those of the last one."""

    since: Instant
    reasons: tuple[RefusalCount, ...]
    answer_id: UUID
    case_id: UUID
    submission_id: UUID


class AnswerWithoutEffect(WireModel):
    """An answer that the door accepted and that was refused ``at`` this instant, with the ids of both sides."""

    at: Instant
    case_id: UUID
    answer_id: UUID
    own_id: OwnId
    kind: AnswerKind
    reason: RefusalReason


class AnswerRefusalsTold(Payload):
    """The router's state for one authority: when single refusals were reported to it, which are held back, and the latest."""

    told: tuple[Instant, ...] = ()
    held_back: AnswerRefusalsHeldBack | None = None
    latest: tuple[AnswerWithoutEffect, ...] = ()
