"""The whole log as files: every entry with what opens it, a manifest of the files, and the log's signature on it.

A reader who has all entries can compute the root, and so knows that none is missing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, Self

import orjson
from pydantic import ValidationError

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.encoding import from_base64, to_base64
from services.audit.domain.keys import SignatureType, SigningKey
from services.audit.domain.leaf import Leaf
from services.audit.domain.merkle import CompactRange, grow, leaf_hash
from services.audit.domain.note import Note, sign, verify
from services.audit.domain.payload import commitment
from services.audit.domain.policy import Policy, open_checkpoint
from services.audit.domain.proof_refused import ProofRefused, invalid
from services.audit.domain.pseudonyms import Opening
from shared.events.payload import Instant, WireModel

MANIFEST, SIGNATURE, CHECKPOINT = "manifest.json", "manifest.note", "checkpoint"
FORMAT: Literal["amtsweg-export/1"] = "amtsweg-export/1"

Form = Literal["jsonl", "parquet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRow:
    """An entry as it is exported: its bytes, what they say, and what opens them while it is there.

    What a person did comes without its payload, unless two have agreed.
    """

    index: int
    entry: bytes
    leaf: Leaf
    salt: bytes | None = None
    payload: bytes | None = None

    @classmethod
    def of(cls, index: int, entry: bytes, disclosure: Opening | None) -> Self:
        """The row of an entry."""
        leaf = Leaf.from_bytes(entry)
        if disclosure is None:
            return cls(index=index, entry=entry, leaf=leaf)
        return cls(index=index, entry=entry, leaf=leaf, salt=disclosure.salt, payload=disclosure.payload)


class ExportedFile(WireModel):
    """One file: how many rows it has, its size in bytes, and its SHA-256 (hex)."""

    name: str
    rows: int
    size: int
    sha256: str

    @classmethod
    def of(cls, name: str, data: bytes, *, rows: int = 0) -> Self:
        """The manifest's entry for a file with these bytes."""
        return cls(name=name, rows=rows, size=len(data), sha256=sha256(data).hexdigest())


class Manifest(WireModel):
    """Which files there are, and of which tree: all ``size`` entries under ``root`` (base64).

    ``look`` is the index of the leaf that records the export.
    """

    format: Literal["amtsweg-export/1"] = FORMAT
    origin: str
    size: int
    root: str
    look: int
    made_at: Instant
    files: tuple[ExportedFile, ...]

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a manifest.

        Raises:
            ProofRefused: it is none.
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            raise invalid(MANIFEST, error) from None

    def to_bytes(self) -> bytes:
        """The file's bytes."""
        document = self.model_dump(mode="json", by_alias=True)
        return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def sign_manifest(manifest: bytes, *, origin: str, keys: Iterable[SigningKey]) -> bytes:
    """A signed note over the manifest's digest, by the log's Ed25519 key.

    Its first line is no log's origin, so that nobody takes it for a checkpoint.
    """
    return sign(_statement(manifest, origin), _ed25519(keys), time=0).to_bytes()


def verify_manifest(manifest: bytes, note: bytes, checkpoint: bytes, policy: Policy) -> Manifest:
    """Check that the log has signed this manifest, and that it speaks of this checkpoint's tree.

    Raises:
        ProofRefused: it does not.
    """
    read = Manifest.from_bytes(manifest)
    signed = Note.from_bytes(note)
    if signed.text != _statement(manifest, read.origin):
        raise ProofRefused(f"{SIGNATURE}: it is about another manifest")
    verify(signed, [log.key for log in policy.logs if log.key.name == read.origin])
    tree = open_checkpoint(checkpoint, policy)
    if tree != Checkpoint(read.origin, read.size, from_base64(read.root, "manifest root")):
        raise ProofRefused(f"{MANIFEST}: it is about another tree than the checkpoint")
    return read


class Recount:
    """Computes the root again from the rows, in their order, and opens every commitment that can be opened."""

    def __init__(self) -> None:
        self._tree = CompactRange()
        self.opened = 0

    def add(self, index: int, entry: bytes, *, salt: bytes | None, payload: bytes | None) -> None:
        """Take in the next row.

        Raises:
            ProofRefused: a row is missing or a duplicate, or a payload is not what the entry commits to.
        """
        if index != self._tree.size:
            raise ProofRefused(f"entry {self._tree.size} is missing; {index} comes instead")
        self._tree, _ = grow(self._tree, (leaf_hash(entry),))
        if salt is not None and payload is not None:
            if commitment(salt, payload) != Leaf.from_bytes(entry).commitment:
                raise ProofRefused(f"entry {index}: salt and payload do not open the commitment")
            self.opened += 1

    def compare(self, manifest: Manifest) -> None:
        """Check that these were all entries of the tree.

        Raises:
            ProofRefused: some are missing, or were altered.
        """
        if (self._tree.size, to_base64(self._tree.root())) != (manifest.size, manifest.root):
            raise ProofRefused("the entries do not give the root of the checkpoint")


def _ed25519(keys: Iterable[SigningKey]) -> Sequence[SigningKey]:
    return [key for key in keys if key.kind is SignatureType.ED25519]


def _statement(manifest: bytes, origin: str) -> str:
    return f"{FORMAT}\n{origin}\nsha256 {sha256(manifest).hexdigest()}\n"
