"""Publish a checkpoint only with the cosignatures that the policy requires; otherwise publish nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import quote

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.note import Note, Signature
from services.audit.domain.policy import Policy, Trusted
from services.audit.domain.witnessing import (
    Contradicted,
    Cosigned,
    Elsewhere,
    Reply,
    Unwilling,
    interpret,
    monitored,
    request_body,
)
from services.audit.ports import Fork, QuorumMissing

Ask = Callable[[str, bytes | None], Awaitable[Reply]]
"""Posts a body to a witness, or without one gets what is there; raises OSError when it cannot be reached."""

Prove = Callable[[int, int], Awaitable[Sequence[bytes]]]
"""The consistency proof from one size to another."""

KeepEvidence = Callable[[str, bytes], Awaitable[None]]
"""Keeps a file of this name as evidence: an operator has to find out why a witness contradicted us."""

_ATTEMPTS = 3


class Cosigner:
    """Asks all witnesses of a policy at once, and remembers which size each of them has cosigned last."""

    def __init__(self, policy: Policy, *, ask: Ask, prove: Prove, keep_evidence: KeepEvidence) -> None:
        self._policy = policy
        self._ask = ask
        self._prove = prove
        self._keep_evidence = keep_evidence
        self._sizes: dict[str, int] = {}
        self._asking: dict[str, asyncio.Task[Cosigned | Unwilling]] = {}

    async def cosign(self, note: Note, checkpoint: Checkpoint) -> Note:
        """Return the note with enough cosignatures; who answers after there are enough is not waited for.

        A witness that still owes an answer to an earlier question is not asked another one.

        Raises:
            QuorumMissing: too few witnesses have cosigned.
            Fork: a witness has cosigned a larger tree of this log, or another one; kept as evidence.
        """
        self._hear_late()
        refused = dict.fromkeys(self._asking, "it has not answered the question before")
        asking = {
            asyncio.create_task(self._one(name, witness, note, checkpoint)): name
            for name, witness in self._policy.witnesses.items()
            if witness.url is not None and name not in self._asking
        }
        for task, name in asking.items():
            self._asking[name] = task
            # Where two contradict us at once, one of them is heard and the other is on record all the same.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        cosigned: dict[str, Cosigned] = {}
        while asking and not self._enough(cosigned):
            done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                name = asking.pop(task)
                del self._asking[name]
                match task.result():
                    case Cosigned() as signed:
                        cosigned[name] = signed
                    case Unwilling(reason):
                        refused[name] = reason
        if not self._enough(cosigned):
            told = "; ".join(f"{name}: {reason}" for name, reason in sorted(refused.items()))
            raise QuorumMissing(f"the quorum {self._policy.quorum} of witnesses is not reached ({told})")
        return note.signed_by(_signatures(cosigned))

    def _hear_late(self) -> None:
        """A contradiction counts even when it came after there were enough cosignatures."""
        for name in [name for name, task in self._asking.items() if task.done()]:
            task = self._asking.pop(name)
            if not task.cancelled():
                task.result()

    def _enough(self, cosigned: Mapping[str, Cosigned]) -> bool:
        return self._policy.satisfied_by({each.key for each in cosigned.values()})

    async def _one(
        self, name: str, witness: Trusted, note: Note, checkpoint: Checkpoint
    ) -> Cosigned | Unwilling:
        for _ in range(_ATTEMPTS):
            old = self._sizes.get(name, 0)
            if old > checkpoint.size:
                raise Fork(
                    f"witness {name} has cosigned {old} entries, the database has {checkpoint.size}: "
                    "it was restored from an old backup"
                )
            body = request_body(old, await self._prove(old, checkpoint.size), note)
            try:
                reply = await self._ask(f"{witness.url}/add-checkpoint", body)
            except OSError as away:
                return Unwilling(f"not reached ({type(away).__name__})")
            match interpret(reply, note, witness.key):
                case Cosigned() as cosigned:
                    self._sizes[name] = checkpoint.size
                    return cosigned
                case Elsewhere(size):
                    self._sizes[name] = size
                case Contradicted(reason):
                    await self._keep(name, witness, sent=body, said=reply, origin=checkpoint.origin)
                    raise Fork(f"witness {name} contradicts us: {reason}")
                case Unwilling() as unwilling:
                    return unwilling
        return Unwilling("its size kept changing while we asked")

    async def _keep(self, name: str, witness: Trusted, *, sent: bytes, said: Reply, origin: str) -> None:
        """Keep what we sent, what was answered and, where the witness shows it, what it has cosigned."""
        file = quote(name, safe="")
        await self._keep_evidence(f"{file}.add-checkpoint", sent)
        await self._keep_evidence(f"{file}.answer", b"%d %b" % (said.status, said.body))
        try:
            seen = await self._ask(f"{witness.url}/{monitored(origin)}", None)
        except OSError:
            return
        if seen.status == HTTPStatus.OK:
            await self._keep_evidence(f"{file}.checkpoint", seen.body)


def _signatures(cosigned: Mapping[str, Cosigned]) -> list[Signature]:
    return [cosigned[name].signature for name in sorted(cosigned)]
