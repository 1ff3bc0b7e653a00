"""Accepts a submission: enter it in the store, seal it, send its event, and only then confirm it."""

from collections.abc import Callable
from dataclasses import dataclass

from services.intake.domain.admission import (
    Admission,
    Publish,
    ReceiptEntry,
    Repeat,
    Resume,
    Running,
    admit,
    enter,
)
from services.intake.domain.idempotency import read_key
from services.intake.domain.outcome import Attempt, BadKey, ReceiptsIncomplete, SubmissionOutcome, Taken
from services.intake.domain.submission import HandedIn, read
from services.intake.ports import Bus, Clock, ReceiptStore, Sealer, SealingKeys
from shared.events.envelope import Event, Message, MessageRefused, encode
from shared.events.ids import child_id
from shared.events.submission import SubmissionReceived
from shared.events.topics import MAX_CONTENT_BYTES, SUBMISSION_RECEIVED
from shared.offload import offload

SOURCE = "urn:amtsweg:intake"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitHandler:
    """Accepts submissions. ``secret`` keys the hashes of content and request.

    ``complete`` tells whether the store holds every receipt: after a restore from a backup, the receipts since then
    are first read from the bus.
    """

    store: ReceiptStore
    sealer: Sealer
    keys: SealingKeys
    bus: Bus
    clock: Clock
    secret: bytes
    complete: Callable[[], bool]

    async def submit(self, attempt: Attempt) -> SubmissionOutcome:
        """Accept the submission, or return why it cannot be read; its merit is never judged.

        After a crash before `ReceiptStore.enter` returns, nothing has happened. From then on the entry keeps ids and receipt
        time, and any repetition completes it. After a crash before Kafka's acknowledgement the event may or may not
        be on the topic; a repetition sends it with the same id. After a crash later than that, the history notes that
        it was accepted. An entry whose event may have been sent and that nobody repeats stays as it is: its content was
        never stored, and its sender never got a 202.
        """
        if (key := read_key(attempt.key or "")) is None:
            return BadKey("malformed" if attempt.key else "missing")
        if not self.complete():
            return ReceiptsIncomplete()
        body, size = attempt.body, len(attempt.body)
        handed_in = await offload(lambda: read(body, max_content=MAX_CONTENT_BYTES), size=size)
        if not isinstance(handed_in, HandedIn):
            return handed_in
        asked = enter(
            attempt.client_id, key, handed_in, body=attempt.body, secret=self.secret, now=self.clock()
        )
        match await self.admitted(asked):
            case Publish(entry) | Resume(entry) as due:
                await self._send(due, handed_in, traceparent=attempt.traceparent)
                return Taken(entry)
            case Repeat(entry):
                return Taken(entry, repeated=True)
            case refused:
                return refused

    async def admitted(self, asked: ReceiptEntry) -> Admission:
        """Enter the request in the store and decide; claim the entry of a failed earlier attempt."""
        decision = admit(asked, found=await self.store.enter(asked))
        if isinstance(decision, Resume) and not await self.store.claim(asked.submission_id):
            return Running()  # another attempt has claimed it since
        return decision

    async def _send(self, due: Publish | Resume, handed_in: HandedIn, *, traceparent: str | None) -> None:
        def message() -> Message:
            received = self._received(due.entry, handed_in, traceparent=traceparent)
            return encode(received, SUBMISSION_RECEIVED.name)

        await self.publish(due, message, size=len(handed_in.content))

    async def publish(self, due: Publish | Resume, message: Callable[[], Message], *, size: int) -> None:
        """Send the event of an entry and note the result in the store; ``size`` is the content's, in bytes.

        Where a new entry's event cannot be made, or Kafka will never take it, the entry goes: else its key would be
        bound for ever to a request that can never be accepted.
        """
        entry, sent = due.entry, False
        try:
            encoded = await offload(message, size=size)
            sent = True
            await self.bus.publish(encoded)
        except Exception as error:
            # An earlier attempt of an entry that is resumed may have sent it.
            if isinstance(due, Publish) and (isinstance(error, MessageRefused) or not sent):
                await self.store.withdraw(entry.submission_id)
            else:
                await self.store.settle(entry.submission_id, taken=False)
            raise
        await self.store.settle(entry.submission_id, taken=True)

    def _received(
        self, entry: ReceiptEntry, handed_in: HandedIn, *, traceparent: str | None
    ) -> Event[SubmissionReceived]:
        submission, own_id = handed_in.submission, entry.submission_id
        contact = submission.contact
        return Event(
            id=child_id(own_id, "received"),
            source=SOURCE,
            time=entry.receipt.received_at,
            case_id=entry.case_id,
            submission_id=own_id,
            traceparent=traceparent,
            data=SubmissionReceived(
                receipt=entry.receipt,
                place=submission.place,
                choice=submission.choice,
                attributes=submission.attributes,
                content=self.sealer.seal(handed_in.content, submission_id=own_id, purpose="content"),
                contact=contact
                and self.sealer.seal(
                    contact.model_dump_json(by_alias=True, exclude_none=True).encode(),
                    submission_id=own_id,
                    purpose="contact",
                ),
                answer_keys=self.keys.of(entry.receipt.client_id, submission_id=own_id),
            ),
        )
