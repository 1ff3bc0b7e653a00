"""One file that proves what the log says about a case, to a person who has nothing but the log's key."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, Self

import orjson
from cryptography.x509 import Certificate
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.encoding import from_base64, to_base64
from services.audit.domain.leaf import Leaf
from services.audit.domain.merkle import leaf_hash, verify_consistency, verify_inclusion
from services.audit.domain.note import Note
from services.audit.domain.payload import SALT_BYTES, commitment
from services.audit.domain.policy import Policy, open_checkpoint, parse_policy
from services.audit.domain.proof_refused import ProofRefused, invalid
from services.audit.domain.pseudonyms import Opening
from services.audit.domain.timestamp import verify_timestamp

FORMAT: Literal["amtsweg-evidence/1"] = "amtsweg-evidence/1"
_MAX_BYTES = 64 * 1024 * 1024
_DIGEST = "sha256"
_SAID_TWICE = ("type", "time", "source")
"""What leaf and payload both say. The event's own id stands in the payload, the leaf has a keyed one."""


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )


class EvidenceEntry(_Frozen):
    """One entry: its bytes (JSON text), its inclusion proof (base64, leaf to root), what opens its commitment.

    ``salt`` (hex) and ``payload`` (JSON text) are absent once the payload was erased.
    """

    index: int
    entry: str
    proof: tuple[str, ...]
    salt: str | None = None
    payload: str | None = None


class EvidenceTimestamp(_Frozen):
    """An earlier checkpoint, what a time-stamping authority said of it, and the proof that the tree grew from it.

    ``response`` (base64) is the authority's whole answer (RFC 3161 ``TimeStampResp``).
    """

    checkpoint: str
    response: str
    consistency: tuple[str, ...]


class Evidence(_Frozen):
    """The file. ``policy`` (C2SP tlog-policy) names the keys as the log itself does: compare them elsewhere.

    ``names`` say what authorities and services are called, by their keys. ``schemas`` tell what the fields of a payload
    mean, by type of event. Policy, names and schemas are not signed; the file's own digest protects them against damage.
    """

    format: Literal["amtsweg-evidence/1"] = FORMAT
    checkpoint: str
    policy: str
    entries: tuple[EvidenceEntry, ...]
    timestamp: EvidenceTimestamp | None = None
    names: dict[str, str] = {}
    schemas: dict[str, Any] = {}

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a file.

        Raises:
            ProofRefused: it is not an evidence file, or not byte for byte as it was written.
        """
        if len(data) > _MAX_BYTES:
            raise ProofRefused("evidence: larger than 64 MB")
        try:
            document = orjson.loads(data)
            given = document.pop(_DIGEST)
        except (ValueError, KeyError, AttributeError, TypeError):
            raise ProofRefused("evidence: not JSON with a digest") from None
        if given != _digest(document) or _pretty({**document, _DIGEST: given}) + b"\n" != data:
            raise ProofRefused(
                "evidence: the file has changed since it was written (damaged, or saved again by another program)"
            )
        try:
            return cls.model_validate_json(orjson.dumps(document))
        except ValidationError as error:
            raise invalid("evidence", error) from None

    def to_bytes(self) -> bytes:
        """The file's bytes, made to be read by people too."""
        document = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return _pretty({**document, _DIGEST: _digest(document)}) + b"\n"


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry that is proven; ``event`` is its payload where that is disclosed."""

    index: int
    leaf: Leaf
    event: dict[str, object] | None


@dataclass(frozen=True, slots=True)
class EvidenceVerdict:
    """What an evidence file proves, under a policy; ``stamped`` is the time of a time stamp that was checked."""

    checkpoint: Checkpoint
    entries: tuple[Proven, ...]
    stamped: datetime | None = None


def evidence_entry(
    index: int, entry: bytes, *, proof: Sequence[bytes], disclosure: Opening | None
) -> EvidenceEntry:
    """The entry as the file holds it."""
    return EvidenceEntry(
        index=index,
        entry=entry.decode(),
        proof=tuple(map(to_base64, proof)),
        salt=None if disclosure is None else disclosure.salt.hex(),
        payload=None if disclosure is None else disclosure.payload.decode(),
    )


def verify_evidence(
    evidence: Evidence, policy: Policy | None = None, *, tsa_roots: Sequence[Certificate] = ()
) -> EvidenceVerdict:
    """Check everything; without a policy the file's own is taken, which proves only that it agrees with itself.

    A time stamp is checked against the authority's root certificates, where they are given.

    Raises:
        ProofRefused: something is not proven; the text names the entry.
    """
    trusted = open_checkpoint(
        evidence.checkpoint.encode(),
        policy if policy is not None else parse_policy(evidence.policy.encode()),
    )
    indexes = [each.index for each in evidence.entries]
    if not indexes or indexes != sorted(set(indexes)):
        raise ProofRefused("evidence: no entries, or not in the log's order")
    entries = tuple(_prove(each, trusted) for each in evidence.entries)
    return EvidenceVerdict(trusted, entries, _stamped(evidence.timestamp, trusted, tsa_roots))


def _prove(each: EvidenceEntry, trusted: Checkpoint) -> Proven:
    entry = each.entry.encode()
    verify_inclusion(
        leaf_hash(entry),
        index=each.index,
        size=trusted.size,
        proof=_hashes(each.proof, f"proof of entry {each.index}"),
        expected=trusted.root,
    )
    leaf = Leaf.from_bytes(entry)
    if each.salt is None and each.payload is None:
        return Proven(each.index, leaf, None)
    return Proven(each.index, leaf, _opened(each, leaf))


def _opened(each: EvidenceEntry, leaf: Leaf) -> dict[str, object]:
    payload = (each.payload or "").encode()
    try:
        salt = bytes.fromhex(each.salt or "")
    except ValueError:
        salt = b""
    if len(salt) != SALT_BYTES or salt.hex() != each.salt:
        raise ProofRefused(f"entry {each.index}: the salt is not 64 hex digits")
    if not hmac.compare_digest(commitment(salt, payload), leaf.commitment):
        raise ProofRefused(f"entry {each.index}: salt and payload do not open the commitment")
    event: dict[str, object] = orjson.loads(payload)
    if not isinstance(event.get("id"), str) or any(event.get(n) != getattr(leaf, n) for n in _SAID_TWICE):
        raise ProofRefused(f"entry {each.index}: the payload is of another event than the leaf")
    return event


def _stamped(
    stamp: EvidenceTimestamp | None, checkpoint: Checkpoint, roots: Sequence[Certificate]
) -> datetime | None:
    """The stamped checkpoint need not satisfy today's policy: that the tree grew from it is proven."""
    if stamp is None:
        return None
    earlier = Checkpoint.from_text(Note.from_bytes(stamp.checkpoint.encode()).text)
    if earlier.origin != checkpoint.origin or earlier.size == 0:
        raise ProofRefused("time stamp: of another log, or of an empty one")
    verify_consistency(
        old=earlier.size,
        size=checkpoint.size,
        old_root=earlier.root,
        new_root=checkpoint.root,
        proof=_hashes(stamp.consistency, "proof of the time-stamped checkpoint"),
    )
    response = from_base64(stamp.response, "time stamp")
    return verify_timestamp(response, stamp.checkpoint.encode(), roots=roots) if roots else None


def _hashes(texts: Sequence[str], what: str) -> list[bytes]:
    return [from_base64(text, what) for text in texts]


def _digest(document: Mapping[str, object]) -> str:
    return sha256(_pretty(document)).hexdigest()


def _pretty(document: Mapping[str, object]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)
