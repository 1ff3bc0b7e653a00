"""Reports an answer without effect to its authority's inbox, in the transaction that refuses it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from services.router.domain.cases.custody import CustodyChange
from services.router.domain.cases.refusals import due_sum, remembered, share_of, tell_refusal
from services.router.handler.emitted import emit, follows
from services.router.ports import Authorities, Cases, Clock
from shared.events.answer_refusal import AnswerRefusalsTold
from shared.events.case import AnswerRefused, CaseAnswered
from shared.events.envelope import Event, Message, encode
from shared.events.topics import AUTHORITY_INBOX


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRefusals:
    """Refusals, as their authorities read them; ``partitions`` says among how many partitions custody is shared."""

    authorities: Authorities
    clock: Clock
    partitions: Callable[[], int]

    def refused(
        self, change: CustodyChange, answered: Event[CaseAnswered], cases: Cases
    ) -> Sequence[Message]:
        """What follows from an answer: with a refusal, what its authority reads of it.

        Raises:
            Unavailable: it is not known whether the authority has an inbox.
        """
        said = emit(change, cases)
        refusal, authority = change.event.data, answered.data.authority
        if not isinstance(refusal, AnswerRefused) or not self.authorities.has_inbox(authority):
            return said
        now = self.clock()
        before, summed = self._summed(authority, cases.refusals(authority))
        after, told = tell_refusal(
            before, answered, refusal.reason, share=share_of(self.partitions()), now=now
        )
        cases.keep_refusals(authority, after)
        if told is None:
            return (*said, *summed)
        # The submission is the one that the door knew: of a case that is another's nothing more is told.
        read = follows(answered, "refusal-delivered", told, now=now)
        return (*said, *summed, encode(read, AUTHORITY_INBOX.for_authority(authority)))

    def sum_up(self, authorities: Iterable[str], cases: Cases) -> Sequence[Message]:
        """The sums that are due; what no longer matters is forgotten."""
        found: list[Message] = []
        for authority in authorities:
            known = cases.refusals(authority)
            if known is None:
                continue
            if known.held_back is not None and not self.authorities.has_inbox(authority):
                cases.keep_refusals(authority, None)
                continue
            left, summed = self._summed(authority, known)
            over = known.held_back is None and remembered(known, now=self.clock()) is None
            if summed or over:
                cases.keep_refusals(authority, None if over else left)
            found += summed
        return found

    def _summed(
        self, authority: str, known: AnswerRefusalsTold | None
    ) -> tuple[AnswerRefusalsTold | None, Sequence[Message]]:
        """What is remembered once a sum that is due has been told, and that sum."""
        now = self.clock()
        if known is None or (due := due_sum(known, authority, now=now)) is None:
            return known, ()
        return remembered(known, now=now), (encode(due, AUTHORITY_INBOX.for_authority(authority)),)
