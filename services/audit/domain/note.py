"""Signed notes (C2SP signed-note): a text and signature lines, of which unknown ones are ignored."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from services.audit.domain.encoding import from_base64, to_base64
from services.audit.domain.keys import SigningKey, VerifierKey, is_key_name
from services.audit.domain.proof_refused import ProofRefused

MAX_BYTES = 1_000_000
MAX_SIGNATURES = 100
_DASH = "— "
_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: whose, by which key, and the bytes behind the key id."""

    name: str
    key_id: bytes
    value: bytes

    def to_line(self) -> str:
        """The line, with its newline."""
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.value)}\n"

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Read a line without its newline.

        Raises:
            ProofRefused: it is not a signature line.
        """
        name, _, encoded = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not is_key_name(name):
            raise ProofRefused("note: a line behind the text is not a signature")
        value = from_base64(encoded, "note signature")
        if len(value) <= _ID_BYTES:
            raise ProofRefused("note signature: too short for a key id and a signature")
        return cls(name, value[:_ID_BYTES], value[_ID_BYTES:])


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and its signatures. It says nothing until it is verified."""

    text: str
    signatures: tuple[Signature, ...]

    def to_bytes(self) -> bytes:
        """The note as it is stored and sent."""
        return f"{self.text}\n{''.join(s.to_line() for s in self.signatures)}".encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a note strictly.

        Raises:
            ProofRefused: it is not a note, or larger than 1 MB or 100 signatures.
        """
        if len(data) > MAX_BYTES:
            raise ProofRefused(f"note: larger than {MAX_BYTES} bytes")
        try:
            content = data.decode()
        except UnicodeDecodeError:
            raise ProofRefused("note: not UTF-8") from None
        if any(c < " " and c != "\n" for c in content):
            raise ProofRefused("note: it holds a control character")
        text, blank, lines = content.rpartition("\n\n")
        if not blank or not lines.endswith("\n"):
            raise ProofRefused("note: expected a text, an empty line and signature lines")
        return cls(text + "\n", signature_lines(lines))

    def signed_by(self, signatures: Iterable[Signature]) -> Self:
        """The note with further signatures behind its own."""
        return type(self)(self.text, (*self.signatures, *signatures))


@dataclass(frozen=True, slots=True)
class Verified:
    """A key whose signature fits, and the time that it states (POSIX seconds) if its kind does."""

    key: VerifierKey
    time: int | None


def signature_lines(lines: str) -> tuple[Signature, ...]:
    """Read one or more signature lines, each ended by a newline.

    Raises:
        ProofRefused: a line is none, there are none, or more than 100.
    """
    split = lines.removesuffix("\n").split("\n")
    if len(split) > MAX_SIGNATURES:
        raise ProofRefused(f"note: more than {MAX_SIGNATURES} signatures")
    return tuple(map(Signature.from_line, split))


def sign(text: str, keys: Iterable[SigningKey], *, time: int) -> Note:
    """Sign a text with each key, in this order."""
    return Note(text, tuple(Signature(k.name, k.verifier.id, k.sign(text, time)) for k in keys))


def verify(note: Note, keys: Iterable[VerifierKey]) -> tuple[Verified, ...]:
    """Return the keys whose signatures fit; unknown signatures are ignored.

    Raises:
        ProofRefused: a known key's signature is invalid or duplicated, or no known key has signed.
    """
    known = {(key.name, key.id): key for key in keys}
    verified: dict[VerifierKey, Verified] = {}
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        if key in verified:
            raise ProofRefused(f"note: two signatures of {key.name} by one key")
        verified[key] = Verified(key, key.verify(note.text, signature.value))
    if not verified:
        raise ProofRefused("note: no known key has signed it")
    return tuple(verified.values())
