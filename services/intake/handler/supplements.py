"""Accepts supplements to an existing case and its withdrawal; each gets its own receipt."""

from dataclasses import dataclass

from services.intake.domain.admission import (
    EntryKind,
    EntryStanding,
    Publish,
    ReceiptEntry,
    Repeat,
    Resume,
    admit,
    enter_later,
)
from services.intake.domain.history import is_closed
from services.intake.domain.idempotency import read_key
from services.intake.domain.outcome import (
    Attempt,
    BadKey,
    CaseClosed,
    ReceiptsIncomplete,
    SubmissionOutcome,
    Taken,
)
from services.intake.domain.submission import read_content
from services.intake.handler.submissions import SOURCE, SubmitHandler
from services.intake.ports import Histories, Known
from shared.events.envelope import Event, Message, encode
from shared.events.ids import child_id
from shared.events.payload import Payload
from shared.events.supplement import SupplementReceived, WithdrawalReceived
from shared.events.topics import CASE_SUBMITTED, MAX_CONTENT_BYTES
from shared.offload import offload


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplementDesk:
    """Accepts supplements and withdrawals; it shares the store of receipts with `SubmitHandler`."""

    desk: SubmitHandler
    histories: Histories

    async def submit(self, attempt: Attempt, *, kind: EntryKind, first: Known) -> SubmissionOutcome:
        """Accept it, or return why not; a crash means the same as in `SubmitHandler.submit`.

        Only custody knows whether the case was closed a moment ago; if so, the history says that this had no effect.
        """
        key = read_key(attempt.key or "")
        if key is None or not self.desk.complete():
            return ReceiptsIncomplete() if key else BadKey("malformed" if attempt.key else "missing")
        required = kind == "supplement"
        content = await offload(
            lambda: read_content(attempt.body, max_content=MAX_CONTENT_BYTES, required=required),
            size=len(attempt.body),
        )
        if not isinstance(content, bytes):
            return content
        asked = enter_later(
            attempt.client_id,
            key,
            content,
            kind=kind,
            case_id=first.case_id,
            opened=first.receipt,
            body=attempt.body,
            secret=self.desk.secret,
            now=self.desk.clock(),
        )
        if is_closed(first.lines):
            return await self._after_the_end(asked)
        decision = await self.desk.admitted(asked)
        if isinstance(decision, Publish | Resume):
            entry = decision.entry
            await self.desk.publish(
                decision, lambda: self._message(entry, content, attempt, first=first), size=len(content)
            )
            return Taken(entry)
        return Taken(decision.entry, repeated=True) if isinstance(decision, Repeat) else decision

    async def _after_the_end(self, asked: ReceiptEntry) -> SubmissionOutcome:
        """The outcome for a closed case: a repetition gets its earlier receipt, a new request is too late."""
        found = await self.histories.submission(asked.submission_id, client_id=asked.receipt.client_id)
        if found is None or found.submission_id == asked.case_id:
            return CaseClosed()
        entered = ReceiptEntry(
            submission_id=found.submission_id,
            case_id=found.case_id,
            receipt=found.receipt,
            request_hash=None,
            kind=asked.kind,
        )
        decision = admit(asked, found=EntryStanding(entry=entered, taken=True, running=False))
        return Taken(decision.entry, repeated=True) if isinstance(decision, Repeat) else CaseClosed()

    def _message(self, entry: ReceiptEntry, content: bytes, attempt: Attempt, *, first: Known) -> Message:
        own_id = entry.submission_id
        sealed = self.desk.sealer.seal(content, submission_id=own_id, purpose="content") if content else None
        if sealed is not None and entry.kind == "supplement":
            keys = self.desk.keys.of(entry.receipt.client_id, submission_id=first.submission_id)
            data: Payload = SupplementReceived(receipt=entry.receipt, content=sealed, answer_keys=keys)
        else:
            data = WithdrawalReceived(receipt=entry.receipt, content=sealed)
        event = Event(
            id=child_id(own_id, f"{entry.kind}-received"),
            source=SOURCE,
            time=entry.receipt.received_at,
            case_id=entry.case_id,
            submission_id=own_id,
            traceparent=attempt.traceparent,
            data=data,
        )
        return encode(event, CASE_SUBMITTED.name)
