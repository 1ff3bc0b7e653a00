"""The text of a checkpoint (C2SP tlog-checkpoint): what log, how large, which root."""

from dataclasses import dataclass
from typing import Self

from services.audit.domain.encoding import from_base64, to_base64, to_decimal
from services.audit.domain.merkle import HASH_BYTES
from services.audit.domain.proof_refused import ProofRefused

_LINES = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's statement of its size and root. This log writes no extension lines; others' are kept."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def to_text(self) -> str:
        """The note's text, with its final newline."""
        return "\n".join((self.origin, str(self.size), to_base64(self.root), *self.extensions, ""))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a note's text.

        Raises:
            ProofRefused: it is not the text of a checkpoint.
        """
        lines = text.split("\n")
        if len(lines) <= _LINES or lines.pop() or not all(lines):
            raise ProofRefused("checkpoint: expected at least three lines, none empty, the last one ended")
        root = from_base64(lines[2], "checkpoint root")
        if len(root) != HASH_BYTES:
            raise ProofRefused("checkpoint root: not 32 bytes")
        return cls(lines[0], to_decimal(lines[1], "checkpoint size"), root, tuple(lines[_LINES:]))
