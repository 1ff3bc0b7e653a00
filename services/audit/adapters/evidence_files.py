"""Evidence files from what has been published: proofs, the checkpoint, its time stamp, keys and schemas."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.audit.adapters.proofs import Proofs
from services.audit.adapters.stamp_folder import StampFolder
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.encoding import to_base64
from services.audit.domain.evidence import Evidence, EvidenceTimestamp, evidence_entry
from services.audit.domain.mentioned import mentioned
from services.audit.domain.note import Note
from services.audit.domain.reading import ShownEntry
from shared.directory_names import NamesByKey


class EvidenceFiles:
    """Makes one file for some entries; ``policy`` (C2SP tlog-policy) and ``schemas`` go into each."""

    def __init__(
        self,
        proofs: Proofs,
        *,
        stamps: StampFolder,
        policy: str,
        schemas: Mapping[str, Any],
        names: NamesByKey,
    ) -> None:
        self._proofs = proofs
        self._stamps = stamps
        self._policy = policy
        self._schemas = schemas
        self._names = names

    async def make(self, entries: Sequence[ShownEntry]) -> Evidence | None:
        """The file that proves those of the entries that are published already; None if there are none.

        Raises:
            Unavailable: nothing has been published yet.
        """
        checkpoint, note = await self._proofs.checkpoint()
        covered = [each for each in entries if each.index < checkpoint.size]
        if not covered:
            return None
        proofs = await self._proofs.inclusions([each.index for each in covered], checkpoint.size)
        types = sorted({each.leaf.type for each in covered if each.disclosure is not None})
        return Evidence(
            checkpoint=note.decode(),
            policy=self._policy,
            entries=tuple(
                evidence_entry(each.index, each.entry, proof=proof, disclosure=each.disclosure)
                for each, proof in zip(covered, proofs, strict=True)
            ),
            timestamp=await self._timestamp(covered[-1].index, checkpoint.size),
            names=self._names.of(*mentioned(covered)),
            schemas={name: self._schemas[name] for name in types if name in self._schemas},
        )

    async def _timestamp(self, index: int, size: int) -> EvidenceTimestamp | None:
        stamped = await self._stamps.covering(index)
        if stamped is None:
            return None
        earlier = Checkpoint.from_text(Note.from_bytes(stamped.note).text)
        if earlier.size > size:
            return None
        return EvidenceTimestamp(
            checkpoint=stamped.note.decode(),
            response=to_base64(stamped.response),
            consistency=tuple(map(to_base64, await self._proofs.between(earlier.size, size))),
        )
