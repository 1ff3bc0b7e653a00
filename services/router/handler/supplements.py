"""Supplements and withdrawals at the router: supplements follow the case, a withdrawal closes it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.router.domain.cases import custody as custodies
from services.router.domain.cases import supplements
from services.router.handler.emitted import emit, follows, shelve, tombstone
from services.router.ports import Authorities, Cases, Clock, Unreachable
from shared.events.custody import CaseHeld
from shared.events.envelope import Event, Message, carries, encode
from shared.events.payload import Payload
from shared.events.submission import SubmissionHeld
from shared.events.supplement import (
    CaseSupplemented,
    CaseWithdrawn,
    SupplementDelivered,
    SupplementReceived,
    WithdrawalDelivered,
    WithdrawalReceived,
)
from shared.events.topics import AUTHORITY_INBOX


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplements:
    """Supplements and withdrawals, in the order in which they came."""

    authorities: Authorities
    clock: Clock

    def on_supplement(self, event: Event[SupplementReceived], cases: Cases) -> Sequence[Message]:
        """Keep the supplement and deliver it to the holder of the case; if that is not possible, park the case."""
        custody = cases.custody(event.case_id)
        if not custodies.is_new(custody, event):
            return ()
        now = self.clock()
        step = supplements.supplement(custody, event, now=now)
        said = emit(step, cases)
        if step.custody is None or not carries(step.event, CaseSupplemented):
            return said
        held = _held(event)
        kept = (*said, shelve(event, held))
        if step.custody.authority is None:
            return kept
        try:
            return (*kept, self._deliver(held, event, step.custody.authority))
        except Unreachable as unreachable:
            # The supplement is kept until a person decides.
            parked = custodies.parked_again(step.custody, event, unreachable.reason, now=now)
            return (*kept, *emit(parked, cases))

    def on_withdrawal(self, event: Event[WithdrawalReceived], cases: Cases) -> Sequence[Message]:
        """Close the case, inform its holder, delete what is held.

        Raises:
            Unavailable: it is not known whether the authority has an inbox.
        """
        custody = cases.custody(event.case_id)
        if not custodies.is_new(custody, event):
            return ()
        step = supplements.withdraw(custody, event, now=self.clock())
        said = emit(step, cases)
        if custody is None or not carries(step.event, CaseWithdrawn):
            return said
        gone = [tombstone(submission) for submission in held_ids(custody)]
        return (*said, *self._withdrawn(event, custody), *gone)

    def again(self, custody: CaseHeld, to: str, cause: Event[Payload], cases: Cases) -> Sequence[Message]:
        """The supplements that the case has had, for the authority to which it goes now.

        Raises:
            LookupError: one of them is not found; tried again alone, it is.
        """
        found: list[Message] = []
        for submission in custody.supplements:
            held = cases.held(submission)
            if held is None:
                raise LookupError(f"nothing is held of supplement {submission}, whose case is open")
            found.append(self._deliver(held, cause, to))
        return found

    def _deliver(self, held: SubmissionHeld, cause: Event[Payload], authority: str) -> Message:
        content = self.authorities.reseal(held.content, submission_id=held.submission_id, authority=authority)
        delivered = SupplementDelivered(
            receipt=held.receipt, authority=authority, content=content, answer_keys=held.answer_keys
        )
        own = follows(cause, f"supplement/{held.submission_id}", delivered, now=self.clock())
        own = replace(own, submission_id=held.submission_id)
        return encode(own, AUTHORITY_INBOX.for_authority(authority))

    def _withdrawn(self, event: Event[WithdrawalReceived], custody: CaseHeld) -> Sequence[Message]:
        """What the authority reads; words that cannot be sealed to it any more are left out."""
        if custody.authority is None or not self.authorities.has_inbox(custody.authority):
            return ()
        content = event.data.content
        try:
            resealed = content and self.authorities.reseal(
                content, submission_id=event.submission_id, authority=custody.authority
            )
        except Unreachable:
            resealed = None
        delivered = WithdrawalDelivered(
            receipt=event.data.receipt, authority=custody.authority, content=resealed
        )
        own = follows(event, "delivered", delivered, now=self.clock())
        return (encode(own, AUTHORITY_INBOX.for_authority(custody.authority)),)


def held_ids(custody: CaseHeld) -> tuple[UUID, ...]:
    """The submissions whose sealed objects are held while the case is open."""
    return (custody.submission_id, *custody.supplements)


def _held(event: Event[SupplementReceived]) -> SubmissionHeld:
    return SubmissionHeld(
        receipt=event.data.receipt,
        submission_id=event.submission_id,
        content=event.data.content,
        answer_keys=event.data.answer_keys,
    )
