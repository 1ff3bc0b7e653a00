"""Whom to trust (C2SP tlog-policy): the log's keys, the witnesses, and how many of them are enough."""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Self

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.encoding import to_decimal
from services.audit.domain.keys import SignatureType, VerifierKey
from services.audit.domain.note import Note, verify
from services.audit.domain.proof_refused import ProofRefused

_NONE = "none"
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_LOG_KINDS = {SignatureType.ED25519, SignatureType.ML_DSA_44}
_WITNESS_KINDS = {SignatureType.COSIGNATURE, SignatureType.ML_DSA_44}


@dataclass(frozen=True, slots=True)
class Trusted:
    """A log or witness: its key and, where the file gives one, its URL."""

    key: VerifierKey
    url: str | None = None

    def to_text(self) -> str:
        """Key and URL as a policy's line ends with them."""
        return self.key.to_text() if self.url is None else f"{self.key.to_text()} {self.url}"


@dataclass(frozen=True, slots=True)
class WitnessGroup:
    """So many of these witnesses and groups."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Which signatures make a checkpoint valid."""

    logs: tuple[Trusted, ...]
    witnesses: Mapping[str, Trusted]
    groups: Mapping[str, WitnessGroup]
    quorum: str

    def satisfied_by(self, cosigners: AbstractSet[VerifierKey]) -> bool:
        """True if these witnesses' cosignatures are enough."""
        return self.quorum == _NONE or self._holds(self.quorum, cosigners)

    def with_logs(self, *keys: VerifierKey) -> Self:
        """The same witnesses and quorum for a log with these keys."""
        return replace(self, logs=tuple(map(Trusted, keys)))

    def to_text(self) -> str:
        """The policy's file."""
        lines = [f"log {trusted.to_text()}" for trusted in self.logs]
        lines += [f"witness {name} {trusted.to_text()}" for name, trusted in self.witnesses.items()]
        lines += [f"group {name} {g.threshold} {' '.join(g.members)}" for name, g in self.groups.items()]
        return "\n".join((*lines, f"quorum {self.quorum}", ""))

    def _holds(self, name: str, cosigners: AbstractSet[VerifierKey]) -> bool:
        if (witness := self.witnesses.get(name)) is not None:
            return witness.key in cosigners
        group = self.groups[name]
        return sum(self._holds(member, cosigners) for member in group.members) >= group.threshold


WITHOUT_WITNESSES = Policy((), {}, {}, _NONE)
"""Nobody has to cosign."""


def open_checkpoint(data: bytes, policy: Policy) -> Checkpoint:
    """Read a checkpoint and accept it only if the policy does.

    Raises:
        ProofRefused: it is malformed, a known key's signature fails, no trusted log has signed it under its own
            name, or the witnesses are too few.
    """
    note = Note.from_bytes(data)
    checkpoint = Checkpoint.from_text(note.text)
    log_keys = [t.key for t in policy.logs if t.key.name == checkpoint.origin]
    if not log_keys:
        raise ProofRefused(f"checkpoint: no trusted log is called {checkpoint.origin!r}")
    witness_keys = {t.key for t in policy.witnesses.values()}
    verified = verify(note, [*log_keys, *witness_keys])
    signers = {each.key for each in verified}
    if signers <= witness_keys:
        raise ProofRefused("checkpoint: the log itself has not signed it")
    if not policy.satisfied_by(signers & witness_keys):
        raise ProofRefused(f"checkpoint: the quorum {policy.quorum!r} of witnesses is not reached")
    return checkpoint


def log_only(*keys: VerifierKey) -> Policy:
    """The policy that trusts this log's signature alone."""
    return Policy(tuple(map(Trusted, keys)), {}, {}, _NONE)


def parse_policy(data: bytes) -> Policy:
    """Read a policy file.

    Raises:
        ProofRefused: a line is malformed, a name is unknown, used twice or a member twice, a key stands twice, or
            there is not exactly one quorum; the text gives the line's number.
    """
    if _CONTROL.search(data):
        raise ProofRefused("policy: it holds a control character")
    draft = _Draft()
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
        words = line.replace("\t", " ").split(" ")
        words = [word for word in words if word]
        if words and not words[0].startswith("#"):
            try:
                draft.read(words)
            except ProofRefused as refused:
                raise ProofRefused(f"policy line {number}: {refused}") from None
    return draft.finish()


class _Draft:
    """A policy while its file is being read."""

    def __init__(self) -> None:
        self.logs: list[Trusted] = []
        self.witnesses: dict[str, Trusted] = {}
        self.groups: dict[str, WitnessGroup] = {}
        self.members: set[str] = set()
        self.quorum: str | None = None

    def read(self, words: Sequence[str]) -> None:
        match words:
            case ["log", vkey, *url] if len(url) <= 1:
                self.logs.append(_trusted(vkey, url, _LOG_KINDS, self.logs))
            case ["witness", name, vkey, *url] if len(url) <= 1:
                self._new(name)
                known = list(self.witnesses.values())
                self.witnesses[name] = _trusted(vkey, url, _WITNESS_KINDS, known)
            case ["group", name, threshold, *members] if members:
                self._new(name)
                self._join(members)
                self.groups[name] = WitnessGroup(_threshold(threshold, len(members)), tuple(members))
            case ["quorum", name] if self.quorum is None:
                if name != _NONE and not self._known(name):
                    raise ProofRefused("the quorum names no witness or group defined before")
                self.quorum = name
            case _:
                raise ProofRefused("expected log, witness, group, or one quorum")

    def finish(self) -> Policy:
        if self.quorum is None:
            raise ProofRefused("policy: the line quorum is missing")
        return Policy(tuple(self.logs), self.witnesses, self.groups, self.quorum)

    def _known(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _new(self, name: str) -> None:
        if name == _NONE or self._known(name):
            raise ProofRefused("the name is taken")

    def _join(self, members: Sequence[str]) -> None:
        for member in members:
            if not self._known(member) or member in self.members:
                raise ProofRefused("a member is not defined before, or is a member already")
            self.members.add(member)


def _trusted(
    vkey: str, url: Sequence[str], kinds: AbstractSet[SignatureType], known: Sequence[Trusted]
) -> Trusted:
    key = VerifierKey.from_text(vkey)
    if key.kind not in kinds:
        raise ProofRefused(f"a key of type {key.kind:02x} cannot stand here")
    if any(key.public == other.key.public for other in known):
        raise ProofRefused("the key stands here twice")
    return Trusted(key, url[0] if url else None)


def _threshold(text: str, members: int) -> int:
    threshold = {"all": members, "any": 1}.get(text) or to_decimal(text, "group threshold")
    if not 1 <= threshold <= members:
        raise ProofRefused(f"the threshold is not between 1 and {members}")
    return threshold
