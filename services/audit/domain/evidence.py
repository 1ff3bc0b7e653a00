"""One file that proves what the log says about a case, to somebody who has nothing else but the log's key."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from services.audit.domain.encoding import from_base64, to_base64
from services.audit.domain.leaf import Leaf
from services.audit.domain.merkle import leaf_hash, verify_inclusion
from services.audit.domain.payload import SALT_BYTES, commitment
from services.audit.domain.policy import Policy, TrustedCheckpoint, open_checkpoint, parse_policy
from services.audit.domain.refused import Refused
from services.audit.domain.secrecy import Disclosure

FORMAT: Literal["amtsweg-evidence/1"] = "amtsweg-evidence/1"
_MAX_BYTES = 64 * 1024 * 1024


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )


class EvidenceEntry(_Frozen):
    """One entry: its bytes (base64), its inclusion proof (base64, leaf to root), what opens its commitment.

    ``salt`` (hex) and ``payload`` (JSON text) are absent once the payload was erased.
    """

    index: int
    entry: str
    proof: tuple[str, ...]
    salt: str | None = None
    payload: str | None = None


class Evidence(_Frozen):
    """The file. ``policy`` (C2SP tlog-policy) names the keys as the log itself does: compare them elsewhere."""

    format: Literal["amtsweg-evidence/1"] = FORMAT
    checkpoint: str
    policy: str
    entries: tuple[EvidenceEntry, ...]

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a file.

        Raises:
            Refused: it is not an evidence file.
        """
        if len(data) > _MAX_BYTES:
            raise Refused("evidence: larger than 64 MB")
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            places = ", ".join(".".join(map(str, e["loc"])) or "document" for e in error.errors())
            raise Refused(f"evidence: not valid at {places}") from None

    def to_bytes(self) -> bytes:
        """The file's bytes, made to be read by people too."""
        document = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry that is proven; ``event`` is its payload where that is disclosed."""

    index: int
    leaf: Leaf
    event: dict[str, object] | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an evidence file proves, under a policy."""

    checkpoint: TrustedCheckpoint
    entries: tuple[Proven, ...]


def evidence_entry(
    index: int, entry: bytes, *, proof: Sequence[bytes], disclosure: Disclosure | None
) -> EvidenceEntry:
    """The entry as the file holds it."""
    return EvidenceEntry(
        index=index,
        entry=to_base64(entry),
        proof=tuple(map(to_base64, proof)),
        salt=None if disclosure is None else disclosure.salt.hex(),
        payload=None if disclosure is None else disclosure.payload.decode(),
    )


def verify_evidence(evidence: Evidence, policy: Policy | None = None) -> Verdict:
    """Check everything; without a policy the file's own is taken, which proves only that it agrees with itself.

    Raises:
        Refused: something is not proven; the text names the entry.
    """
    trusted = open_checkpoint(
        evidence.checkpoint.encode(),
        policy if policy is not None else parse_policy(evidence.policy.encode()),
    )
    indexes = [each.index for each in evidence.entries]
    if not indexes or indexes != sorted(set(indexes)):
        raise Refused("evidence: no entries, or not in the log's order")
    return Verdict(trusted, tuple(_prove(each, trusted) for each in evidence.entries))


def _prove(each: EvidenceEntry, trusted: TrustedCheckpoint) -> Proven:
    entry = from_base64(each.entry, f"entry {each.index}")
    verify_inclusion(
        leaf_hash(entry),
        index=each.index,
        size=trusted.checkpoint.size,
        proof=[from_base64(text, f"proof of entry {each.index}") for text in each.proof],
        expected=trusted.checkpoint.root,
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
        raise Refused(f"entry {each.index}: the salt is not 64 hex digits")
    if not hmac.compare_digest(commitment(salt, payload), leaf.commitment):
        raise Refused(f"entry {each.index}: salt and payload do not open the commitment")
    event: dict[str, object] = orjson.loads(payload)
    if (event.get("id"), event.get("type"), event.get("time")) != (str(leaf.id), leaf.type, leaf.time):
        raise Refused(f"entry {each.index}: the payload is of another event than the leaf")
    return event
