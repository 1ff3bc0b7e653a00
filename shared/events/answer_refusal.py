"""An answer that its door had taken and that had no effect: what the authority reads, and what the router remembers."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.events.case import AnswerKind, OwnId, RefusalReason
from shared.events.payload import AuthorityId, Instant, Payload, WireModel


class AnswerRefusalDelivered(Payload):
    """What an authority finds in its inbox: an answer that the door had taken has no effect, and why.

    The case had moved on meanwhile. ``answerId`` is the one that the door returned, ``ownId`` the authority's own.
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
    """What an authority finds in its inbox: so many more answers had no effect and were not told one by one.

    ``reasons`` says how many for which reason. ``ce_caseid`` is the case of the last of them; each stands in its case's history.
    """

    authority: AuthorityId
    since: Instant
    until: Instant
    count: Annotated[int, Field(ge=1)]
    reasons: tuple[RefusalCount, ...]


class AnswerRefusalsHeldBack(WireModel):
    """What has only been counted since an instant; ``answerId``, ``caseId`` and ``submissionId`` are of the last one."""

    since: Instant
    reasons: tuple[RefusalCount, ...]
    answer_id: UUID
    case_id: UUID
    submission_id: UUID


class AnswerRefusalsTold(Payload):
    """The router's own memory of one authority: when it was told of single refusals, and what is held back."""

    told: tuple[Instant, ...] = ()
    held_back: AnswerRefusalsHeldBack | None = None
