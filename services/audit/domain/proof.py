"""Proof files (C2SP tlog-proof): an index, an inclusion proof and the checkpoint, to be verified offline at any time."""

from dataclasses import dataclass
from typing import Self

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.encoding import from_base64, to_base64, to_decimal
from services.audit.domain.merkle import leaf_hash, verify_inclusion
from services.audit.domain.policy import Policy, open_checkpoint
from services.audit.domain.proof_refused import ProofRefused

_MAGIC = "c2sp.org/tlog-proof@v1"
_MAX_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class LogProof:
    """What a ``.tlog-proof`` file holds; ``extra`` is not authenticated and this log leaves it out."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def to_bytes(self) -> bytes:
        """The file's bytes."""
        lines = [_MAGIC]
        if self.extra is not None:
            lines.append(f"extra {to_base64(self.extra)}")
        lines += [f"index {self.index}", *map(to_base64, self.hashes), "", ""]
        return "\n".join(lines).encode() + self.checkpoint

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a file strictly.

        Raises:
            ProofRefused: it is not a proof file.
        """
        head, blank, checkpoint = data.partition(b"\n\n")
        if not blank or len(data) > _MAX_BYTES:
            raise ProofRefused("proof: no empty line before the checkpoint, or larger than 2 MB")
        try:
            magic, *lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise ProofRefused("proof: not ASCII before the checkpoint") from None
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = from_base64(lines.pop(0).removeprefix("extra "), "proof extra")
        if magic != _MAGIC or not lines or not lines[0].startswith("index "):
            raise ProofRefused(f"proof: expected {_MAGIC} and the line index")
        index = to_decimal(lines[0].removeprefix("index "), "proof index")
        return cls(index, tuple(from_base64(line, "proof hash") for line in lines[1:]), checkpoint, extra)


def verify_proof(proof: LogProof, entry: bytes, policy: Policy) -> Checkpoint:
    """Check that the entry is in the log of a checkpoint that the policy accepts.

    Raises:
        ProofRefused: it is not proven.
    """
    trusted = open_checkpoint(proof.checkpoint, policy)
    verify_inclusion(
        leaf_hash(entry),
        index=proof.index,
        size=trusted.size,
        proof=proof.hashes,
        expected=trusted.root,
    )
    return trusted
