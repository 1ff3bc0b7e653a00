"""Accepts the authorities' answers: enter, publish, note; refuse what certainly has no effect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.router.domain.cases.answering import (
    AnswerAdmission,
    AnswerDue,
    AnswerIneffective,
    AnswerOutcome,
    AnswerOutdated,
    AnswerPartRefused,
    AnswerRequest,
    AnswerRunning,
    AnswerTaken,
    admit,
    answered,
    enter,
)
from services.router.domain.cases.custody import Holding, answer_refusal
from services.router.domain.cases.sealed_parts import fault_of_parts
from services.router.ports import AnswersTopic, AnswerStore, Clock, Custody, InboxLooks
from shared.events.case import RefusalReason
from shared.events.envelope import MessageRefused, encode
from shared.events.ids import answer_id
from shared.events.topics import CASE_ANSWERED


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDoor:
    """Accepts answers. ``looks`` counts those that it refuses, for the status of the authority's inbox.

    ``secret`` keys the hashes in the store. ``known`` says whether the directory in force has an authority, ``is_point``
    whether a JWK is a public key that something can be sealed with.
    """

    store: AnswerStore
    custody: Custody
    bus: AnswersTopic
    looks: InboxLooks
    clock: Clock
    secret: bytes
    known: Callable[[str], bool]
    is_point: Callable[[Mapping[str, Any]], bool]

    async def take(self, given: AnswerRequest, *, traceparent: str | None = None) -> AnswerOutcome:
        """Take the answer, or return why not.

        If we die before `AnswerStore.enter` returns, nothing has happened. From then on the entry keeps the instant,
        and any repetition completes it. Dead before Kafka's acknowledgement: the event may or may not be on the
        topic; a repetition sends it with the same id, and the router knows it again.

        Raises:
            Unavailable: it is not certain that Kafka has it, that the authority does not hold the case, or which
                directory is in force.
        """
        outcome = await self._take(given, traceparent=traceparent)
        if not isinstance(outcome, AnswerTaken):
            await self.looks.refused(given.authority)
        return outcome

    async def _take(self, given: AnswerRequest, *, traceparent: str | None) -> AnswerOutcome:
        held = self.custody.now(given.case_id)
        if self._refusal(given, held) is not None:
            # Perhaps it is a repetition, and its own first attempt is what has changed the case since. Where nobody knows
            # how that attempt ended it is sent once more: the router knows the id, or tells the authority's inbox.
            if (repeated := await self._repeated(given)) is not None:
                return await self._once_more(repeated, given, traceparent=traceparent)
            held = await self.custody.certainly(given.case_id)
            reason = self._refusal(given, held)
            if reason is not None:
                return AnswerIneffective(reason)
        if held is None:
            raise AssertionError("a case that nobody holds has been refused before")
        fault = fault_of_parts(
            given.answer, submission_id=held.submission_id, named=held.answer_keys, is_point=self.is_point
        )
        if fault is not None:
            return AnswerPartRefused(*fault)
        entry = enter(given, submission_id=held.submission_id, secret=self.secret, now=self.clock())
        found = await self.store.enter(entry)
        decision = admit(entry, found=found)
        if found is None and isinstance(decision, AnswerDue):
            return await self._send(decision, given, traceparent=traceparent)
        return await self._once_more(decision, given, traceparent=traceparent)

    def _refusal(self, given: AnswerRequest, held: Holding | None) -> RefusalReason | None:
        reason = answer_refusal(held, authority=given.authority, kind=given.answer.kind)
        to = given.answer.forward_to
        return "unknown-authority" if reason is None and to is not None and not self.known(to) else reason

    async def _once_more(
        self, decision: AnswerAdmission, given: AnswerRequest, *, traceparent: str | None
    ) -> AnswerOutcome:
        """The outcome for an id that was used before.

        The router passes over an id that it has acted on. Where the case has come back to its authority since, that
        would be silence about an answer that was meant for the case as it is now.
        """
        if isinstance(decision, AnswerTaken | AnswerDue):
            held = await self.custody.certainly(given.case_id)
            used = answer_id(given.authority, given.own_id)
            again = None if held is None or held.authority != given.authority else held.again
            if again is not None and again.outdates(used, accepted_at=decision.entry.accepted_at):
                return AnswerOutdated()
        if isinstance(decision, AnswerDue):
            return await self._send(decision, given, traceparent=traceparent)
        return decision

    async def _repeated(self, given: AnswerRequest) -> AnswerAdmission | None:
        found = await self.store.find(given.authority, given.own_id)
        if found is None:
            return None
        asked = enter(given, submission_id=found.entry.submission_id, secret=self.secret, now=self.clock())
        return admit(asked, found=found)

    async def _send(self, send: AnswerDue, given: AnswerRequest, *, traceparent: str | None) -> AnswerOutcome:
        entry = send.entry
        if send.resumed and not await self.store.claim(entry):
            return AnswerRunning()  # another attempt claimed it between our look and our claim
        sent = False
        try:
            encoded = encode(answered(entry, given.answer, traceparent=traceparent), CASE_ANSWERED.name)
            sent = True
            await self.bus.publish(encoded)
        except Exception as error:
            # What is certainly on no topic leaves no entry, unless an earlier attempt may have sent it.
            if not send.resumed and (isinstance(error, MessageRefused) or not sent):
                await self.store.withdraw(entry)
            else:
                await self.store.settle(entry, taken=False)
            raise
        await self.store.settle(entry, taken=True)
        return AnswerTaken(entry)
