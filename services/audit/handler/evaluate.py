"""Personal evaluations: asked for by one, approved by another, each a leaf; nothing is kept beside the log."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from services.audit.domain.access_log import AccessGrant, fact_of
from services.audit.domain.evaluation import Evaluation, EvaluationApproved, EvaluationRequested, approve
from services.audit.domain.leaf import Leaf
from services.audit.domain.pending_entry import PendingEntry
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.pseudonyms import Pseudonymizer
from services.audit.domain.reading import Found
from services.audit.handler.sequence import Sequencer
from services.audit.ports import Archive, Clock, Ledgers
from shared.events.envelope import event_type
from shared.events.ids import child_id

_LISTED = 100
_REQUESTED = event_type(EvaluationRequested)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluations:
    """The requests of one log. An approval's id is derived from its request's, so that there is only one."""

    sequencer: Sequencer
    ledgers: Ledgers
    archive: Archive
    secrecy: Pseudonymizer
    clock: Clock
    new_id: Callable[[], UUID]

    async def request(self, visit: AccessGrant, actor: str) -> Evaluation:
        """Ask to see what this person has done."""
        asked = EvaluationRequested(
            reader=visit.reader.name, purpose=visit.purpose, reference=visit.reference, actor=actor
        )
        now, id_ = self.clock(), self.new_id()
        fact = fact_of(asked, id=id_, at=now, secrecy=self.secrecy, actor=visit.reader.name)
        return Evaluation(id=id_, index=await self._append(fact), asked_at=now, asked=asked)

    async def approve(self, visit: AccessGrant, evaluation: Evaluation) -> int:
        """Agree; return the index of the leaf that says so.

        Raises:
            ProofRefused: it is the auditor's own request, or it is too late.
        """
        now = self.clock()
        said = approve(evaluation, visit, now=now)
        id_ = child_id(evaluation.id, "approved")
        return await self._append(
            fact_of(said, id=id_, at=now, secrecy=self.secrecy, actor=visit.reader.name)
        )

    async def find(self, id: UUID) -> Evaluation | None:  # noqa: A002 - the word of the envelope
        """The request with this id."""
        found = await self.archive.named(self.secrecy.event(id))
        return None if found is None else await self._evaluation(found)

    async def waiting(self) -> Sequence[Evaluation]:
        """The requests whose time is not over, newest first, approved ones included."""
        listed = [await self._evaluation(f) for f in await self.archive.latest(_REQUESTED, limit=_LISTED)]
        now = self.clock()
        return [each for each in listed if each is not None and each.is_open(now)]

    async def persons(self, visit: AccessGrant, id: UUID | None) -> frozenset[str]:  # noqa: A002 - as above
        """Whose acts the visitor may see under the request with this id; without an id, nobody's.

        Raises:
            ProofRefused: it is not the visitor's own, nobody else has agreed, or its time is over.
        """
        if id is None:
            return frozenset()
        evaluation = await self.find(id)
        if evaluation is None or not evaluation.is_readable(visit.reader.name, now=self.clock()):
            raise ProofRefused("no evaluation that another auditor has approved for this reader")
        return frozenset({evaluation.asked.actor})

    async def _append(self, fact: PendingEntry) -> int:
        async with self.ledgers.transaction() as ledger:
            appended = await self.sequencer.append([fact], ledger)
        # Nothing is appended where another approval came first: that one holds.
        return appended.entries[0].index if appended.entries else appended.frontier.size

    async def _evaluation(self, found: Found) -> Evaluation | None:
        """None for an event of another kind, or where the payload is gone."""
        event = self._event(found)
        if event is None or event["type"] != _REQUESTED:
            return None
        id_ = UUID(event["id"])
        approval = await self.archive.named(self.secrecy.event(child_id(id_, "approved")))
        approved = None if approval is None else self._event(approval)
        return Evaluation(
            id=id_,
            index=found.index,
            asked_at=datetime.fromisoformat(event["time"]),
            asked=EvaluationRequested.model_validate(event["data"]),
            approved_by=None
            if approved is None
            else EvaluationApproved.model_validate(approved["data"]).reader,
        )

    def _event(self, found: Found) -> dict[str, Any] | None:
        if found.sealed is None or found.key is None:
            return None
        leaf = Leaf.from_bytes(found.entry)
        payload = self.secrecy.open(found.sealed, key=found.key, leaf_id=leaf.id).payload
        event: dict[str, Any] = orjson.loads(payload)
        return event
