"""What the router does with each event: decide, act, emit. One call per event, in order, inside a transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.router.domain.cases import custody as custodies
from services.router.domain.cases.custody import Parked, Placement, Routed
from services.router.domain.cases.erasure import erased
from services.router.domain.cases.fetching import fetched
from services.router.domain.cases.orders import Order
from services.router.domain.cases.orders import refusal as refusal_of
from services.router.domain.decision.resolver import Unverified
from services.router.handler.emitted import (
    emit,
    erasure_report,
    follows,
    held_from,
    sealed_parts,
    shelve,
    tombstone,
)
from services.router.handler.refusals import ToldRefusals
from services.router.handler.supplements import Supplements, held_ids
from services.router.ports import Authorities, Cases, Clock, Directories, Unreachable
from shared.events.case import CaseAnswered, CaseDecided, DeliveryFetched, RedeliverOrdered, RetryOrdered
from shared.events.competence import CompetenceDecision, Inquiry
from shared.events.custody import CaseHeld
from shared.events.envelope import Event, Message, carries, encode
from shared.events.erasure import CaseEnded, EraseOrdered
from shared.events.payload import Payload
from shared.events.submission import Assignment, SubmissionDelivered, SubmissionHeld, SubmissionReceived
from shared.events.topics import AUTHORITY_INBOX
from shared.local_time import calendar_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """The router around its resolver."""

    directories: Directories
    authorities: Authorities
    supplements: Supplements
    refusals: ToldRefusals
    clock: Clock
    unverified: Unverified = "answer"

    def on_received(self, event: Event[SubmissionReceived], cases: Cases) -> Sequence[Message]:
        """Route the submission by the directory in force on receipt, or park it; keep what was sealed."""
        if not custodies.is_new(cases.custody(event.case_id), event):
            return ()
        held = held_from(event)
        placement, delivered = self._hand_over(self._decide(held, at=held.receipt.received_at), held)
        step = custodies.receive(event, placement, now=self.clock())
        return (*emit(step, cases, delivered), shelve(event, held))

    def on_poisoned(self, event: Event[SubmissionReceived], cases: Cases) -> Sequence[Message]:
        """Park a submission on which the router fails, calling nothing that may be at fault."""
        if not custodies.is_new(cases.custody(event.case_id), event):
            return ()
        step = custodies.receive(event, Parked(reason="internal-error"), now=self.clock())
        return (*emit(step, cases), shelve(event, held_from(event)))

    def on_poisoned_order(self, event: Event[Order], cases: Cases) -> Sequence[Message]:
        """Keep a case parked if the router fails on its order, with that as the reason."""
        custody = cases.custody(event.case_id)
        if custody is None or custody.standing != "parked" or not custodies.is_new(custody, event):
            return ()
        placement = Parked(reason="order-failed", decision=custody.decision)
        return emit(custodies.place(custody, event, placement, now=self.clock()), cases)

    def on_answered(self, event: Event[CaseAnswered], cases: Cases) -> Sequence[Message]:
        """Apply or refuse an authority's answer; a decision closes the case and deletes what was held."""
        custody = cases.custody(event.case_id)
        if not custodies.is_new(custody, event):
            return ()
        given, now = event.data, self.clock()
        reason = custodies.answer_refusal(custody, authority=given.authority, kind=given.answer.kind)
        if custody is not None and reason is None and given.answer.kind in custodies.HANDING_ON:
            return self._on_handed_on(event, custody, cases, now=now)
        step = custodies.answer(custody, event, now=now)
        told = self.refusals.refused(step, event, cases)
        if custody is not None and reason is None:
            told = (*told, *sealed_parts(event, custody, now=now))
        if custody is None or not carries(step.event, CaseDecided):
            return told
        return (*told, *map(tombstone, held_ids(custody)))

    def on_fetched(self, event: Event[DeliveryFetched], cases: Cases) -> Sequence[Message]:
        """Note that the authority has fetched the case; a delivery that is not the latest changes nothing."""
        step = fetched(cases.custody(event.case_id), event, now=self.clock())
        return () if step is None else emit(step, cases)

    def is_forgotten(self, case: UUID, cases: Cases, *, written_at: datetime) -> bool:
        """Whether an input of this age may be about a case that is over and forgotten: then it has no effect."""
        return custodies.is_forgotten(cases.custody(case), written_at=written_at, now=self.clock())

    def forget_expired(self, known: Iterable[UUID], cases: Cases) -> None:
        """Delete the custody of cases that closed long enough ago."""
        now = self.clock()
        for case in known:
            custody = cases.custody(case)
            if custody is not None and custodies.is_expired(custody, now=now):
                cases.forget(case)

    def _on_handed_on(
        self, event: Event[CaseAnswered], custody: CaseHeld, cases: Cases, *, now: datetime
    ) -> Sequence[Message]:
        """Re-wrap what is held for the next authority; without a safe next one, a person decides."""
        forward_to = event.data.answer.forward_to
        if forward_to is not None and forward_to not in self.directories.at(now).directory.authorities:
            refused = custodies.refuse_answer(custody, event, "unknown-authority", now=now)
            return self.refusals.refused(refused, event, cases)
        held = self._held_of(custody, cases)
        placement, delivered = self._hand_over(self._next(event.data, custody, at=now), held)
        told = emit(custodies.hand_on(custody, event, placement, now=now), cases, delivered)
        return (*told, *self._again(custody, event, delivered, cases))

    def _again(
        self, custody: CaseHeld, event: Event[Payload], delivered: SubmissionDelivered | None, cases: Cases
    ) -> Sequence[Message]:
        return () if delivered is None else self.supplements.again(custody, delivered.authority, event, cases)

    def _next(self, given: CaseAnswered, custody: CaseHeld, *, at: datetime) -> Placement:
        """The authority that the holder names, or the one that the directory of today names; each has it once only."""
        before = custody.decision
        decision = None if before is None else self._resolve(before.inquiry, at=at)
        named = given.answer.forward_to
        authority = named or (decision.authority if decision is not None else None)
        if authority is None or (named is None and custodies.goes_in_a_circle(custody, authority)):
            return Parked(reason="returned", decision=decision)
        if custodies.goes_in_a_circle(custody, authority):
            return Parked(reason="handed-on-in-a-circle", decision=decision)
        if named is None:
            return Routed(authority=authority, decision=decision)
        said = Assignment(role="authority", reason=str(given.answer.reason), principal=given.authority)
        return Routed(authority=authority, decision=decision, assignment=said)

    def wanted(self, event: Event[Payload], cases: Cases) -> Sequence[UUID]:
        """The submissions whose sealed objects this order or answer will need."""
        custody = cases.custody(event.case_id)
        if custody is None:
            return ()
        if carries(event, CaseAnswered):
            needed = event.data.answer.kind in custodies.HANDING_ON
        else:
            needed = isinstance(event.data, Order) and not refusal_of(custody, event.data, now=self.clock())
        return held_ids(custody) if needed else ()

    def _held_of(self, custody: CaseHeld, cases: Cases) -> SubmissionHeld:
        held = cases.held(custody.submission_id)
        if held is None:
            # The receipt may lie in this same batch; tried again alone, after that has committed, it is found.
            raise LookupError(f"nothing is held of submission {custody.submission_id}, which is open")
        return held

    def on_erased(self, event: Event[EraseOrdered], cases: Cases) -> Sequence[Message]:
        """End the case, tell its authority, delete what is held and all of its custody but that it was erased, and report.

        Raises:
            Unavailable: it is not known whether the authority has an inbox.
        """
        custody = cases.custody(event.case_id)
        if not custodies.is_new(custody, event):
            return ()
        now = self.clock()
        if custody is None:
            return (erasure_report(event, (), now=now),)
        cases.keep(event.case_id, erased(custody, event, now=now))
        gone = tuple(map(tombstone, held_ids(custody)))
        report = erasure_report(event, ("held content and contact", "custody"), now=now)
        if custody.authority is None or custodies.is_closed(custody):
            return (*gone, report)
        if not self.authorities.has_inbox(custody.authority):
            return (*gone, report)
        ended = CaseEnded(authority=custody.authority, reason="erased")
        told = follows(event, "ended", ended, now=now)
        return encode(told, AUTHORITY_INBOX.for_authority(custody.authority)), *gone, report

    def on_ordered(self, event: Event[Order], cases: Cases) -> Sequence[Message]:
        """Route a case: by today's directory, to the authority that a person names, or once more to the one that has it."""
        custody = cases.custody(event.case_id)
        if not custodies.is_new(custody, event):
            return ()
        now = self.clock()
        refusal = refusal_of(custody, event.data, now=now)
        if custody is None or refusal is not None:
            return emit(custodies.refuse_order(custody, event, refusal or "unknown-case", now=now), cases)
        held = self._held_of(custody, cases)
        placement, delivered = self._hand_over(self._ordered(event.data, custody, held, at=now), held)
        if isinstance(placement, Parked) and not isinstance(event.data, RetryOrdered):
            # Whoever has the case keeps it: an order that reaches nobody changes nothing.
            return emit(custodies.refuse_order(custody, event, "unknown-authority", now=now), cases)
        told = emit(custodies.place(custody, event, placement, now=now), cases, delivered)
        return (*told, *self._again(custody, event, delivered, cases))

    def _ordered(self, order: Order, custody: CaseHeld, held: SubmissionHeld, *, at: datetime) -> Placement:
        if isinstance(order, RetryOrdered):
            return self._decide(held, at=at)
        if isinstance(order, RedeliverOrdered):
            return Routed(
                authority=custody.authority or "", decision=custody.decision, assignment=order.assignment
            )
        before = custody.decision
        # Where none could be made at all, the router failed on it; it is not asked again.
        decision = None if before is None else self._resolve(before.inquiry, at=at)
        return Routed(authority=order.authority, decision=decision, assignment=order.assignment)

    def _decide(self, held: SubmissionHeld, *, at: datetime) -> Placement:
        inquiry = Inquiry(
            service=held.receipt.service,
            place=held.place,
            on=calendar_day(at),
            choice=held.choice,
            attributes=held.attributes,
        )
        decision = self._resolve(inquiry, at=at)
        if decision.authority is None:
            return Parked(reason=str(decision.reason), decision=decision)
        return Routed(authority=decision.authority, decision=decision)

    def _resolve(self, inquiry: Inquiry, *, at: datetime) -> CompetenceDecision:
        return self.directories.at(at, on=inquiry.on).resolve(inquiry, unverified=self.unverified)

    def _hand_over(
        self, placement: Placement, held: SubmissionHeld
    ) -> tuple[Placement, SubmissionDelivered | None]:
        """Seal the content for the authority; one that cannot be reached is a reason to park."""
        if isinstance(placement, Parked):
            return placement, None
        try:
            content = self.authorities.reseal(
                held.content, submission_id=held.submission_id, authority=placement.authority
            )
        except Unreachable as unreachable:
            return Parked(reason=unreachable.reason, decision=placement.decision), None
        return placement, SubmissionDelivered(
            receipt=held.receipt,
            authority=placement.authority,
            place=held.place,
            decision=placement.decision,
            assignment=placement.assignment,
            content=content,
            answer_keys=held.answer_keys,
        )
