"""The evaluation of a person's acts needs two auditors: one requests, another approves, and the log has both."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from services.audit.domain.access_log import AccessGrant
from services.audit.domain.proof_refused import ProofRefused
from shared.events.payload import Payload

GOOD_FOR = timedelta(days=30)
"""From the request on: to be approved, and to be read."""

ActorName = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class EvaluationRequested(Payload):
    """An auditor asks to see what ``actor`` has done."""

    reader: str
    purpose: str
    reference: str
    actor: ActorName


class EvaluationApproved(Payload):
    """Another auditor agrees."""

    reader: str
    purpose: str
    reference: str
    evaluation: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A request and what became of it. Its id is that of the event in which it was asked for."""

    id: UUID
    index: int
    asked_at: datetime
    asked: EvaluationRequested
    approved_by: str | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether its time is not over, approved or not."""
        return now < self.asked_at + GOOD_FOR

    def is_readable(self, reader: str, *, now: datetime) -> bool:
        """Whether this reader may see the person's acts."""
        return self.approved_by is not None and reader == self.asked.reader and self.is_open(now)


def approve(evaluation: Evaluation, visit: AccessGrant, *, now: datetime) -> EvaluationApproved:
    """Agree to another auditor's request.

    Raises:
        ProofRefused: it is the auditor's own, its time is over, or it is approved already.
    """
    if visit.reader.name == evaluation.asked.reader:
        raise ProofRefused("the second person is the same as the first")
    if not evaluation.is_open(now):
        raise ProofRefused(f"the request is older than {GOOD_FOR.days} days")
    if evaluation.approved_by is not None:
        raise ProofRefused("the request is approved already")
    return EvaluationApproved(
        reader=visit.reader.name,
        purpose=visit.purpose,
        reference=visit.reference,
        evaluation=evaluation.id,
    )
