"""Counts the answers that the door refuses; an authority sees the count in the status of its inbox."""

from dataclasses import dataclass

from services.router.domain.cases.answering import AnswerOutcome, AnswerRequest, AnswerTaken
from services.router.handler.answers import AnswerDoor
from services.router.ports import InboxLooks


@dataclass(frozen=True, slots=True)
class CountedAnswers:
    """Takes answers like the door behind it."""

    door: AnswerDoor
    looks: InboxLooks

    async def take(self, given: AnswerRequest, *, traceparent: str | None = None) -> AnswerOutcome:
        """Take the answer, or say why not."""
        outcome = await self.door.take(given, traceparent=traceparent)
        if not isinstance(outcome, AnswerTaken):
            await self.looks.refused(given.authority)
        return outcome
