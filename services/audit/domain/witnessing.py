"""What is said to a witness, and what its answer means (C2SP tlog-witness, ``add-checkpoint``)."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from services.audit.domain.encoding import to_base64, to_decimal
from services.audit.domain.keys import VerifierKey
from services.audit.domain.note import Note, Signature, signature_lines
from services.audit.domain.proof_refused import ProofRefused

SIZE_TYPE = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class Reply:
    """A witness's HTTP answer."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The witness has cosigned; its signature is verified."""

    key: VerifierKey
    signature: Signature


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The last size that the witness has cosigned is another one than we thought."""

    size: int


@dataclass(frozen=True, slots=True)
class Contradicted:
    """The witness holds another tree of this log than we do, or says so."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unwilling:
    """No cosignature this time; the reason is for the operator."""

    reason: str


def request_body(old: int, proof: Sequence[bytes], note: Note) -> bytes:
    """The body that asks for a cosignature on a note that extends the tree of ``old`` leaves."""
    lines = [f"old {old}", *map(to_base64, proof), "", ""]
    return "\n".join(lines).encode() + note.to_bytes()


def monitored(origin: str) -> str:
    """The path below a witness's URL at which it shows what it has cosigned last of this log."""
    return f"{sha256(origin.encode()).hexdigest()}/checkpoint"


def interpret(reply: Reply, note: Note, key: VerifierKey) -> Cosigned | Elsewhere | Contradicted | Unwilling:
    """Interpret the answer. Witnesses of 1.0.0 and of later drafts report a fork differently; both are understood."""
    match reply.status:
        case 200:
            return _cosigned(reply, note, key)
        case 409:
            return _conflict(reply)
        case 422:
            return Contradicted("422: our tree does not extend the one that it has cosigned")
        case 403 | 404:
            return Unwilling(f"{reply.status}: it does not know this log or its key")
        case _:
            return Unwilling(f"it answered {reply.status}")


def _conflict(reply: Reply) -> Elsewhere | Contradicted | Unwilling:
    if reply.content_type.partition(";")[0].strip() != SIZE_TYPE:
        return Contradicted("409 without a size: it has cosigned another root of this size")
    try:
        return Elsewhere(to_decimal(reply.body.decode("ascii").removesuffix("\n"), "witness size"))
    except (ProofRefused, UnicodeDecodeError):
        return Unwilling("its size is not a number")


def _cosigned(reply: Reply, note: Note, key: VerifierKey) -> Cosigned | Unwilling:
    try:
        signatures = signature_lines(reply.body.decode())
        for signature in signatures:
            if (signature.name, signature.key_id) == (key.name, key.id):
                key.verify(note.text, signature.value)
                return Cosigned(key, signature)
    except (ProofRefused, UnicodeDecodeError) as bad:
        return Unwilling(f"its signature is refused ({bad})")
    return Unwilling("it answered with other keys' signatures only")
