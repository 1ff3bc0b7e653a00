"""The decision of the audit service: the next state of the log, from its tree and new facts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.audit.domain.leaf import Leaf
from services.audit.domain.merkle import CompactRange, Subtree, grow, leaf_hash
from services.audit.domain.payload import SALT_BYTES, commitment
from services.audit.domain.pending_entry import PendingEntry
from services.audit.domain.pseudonyms import KEY_BYTES, NONCE_BYTES, Opening, Pseudonymizer, seal


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A leaf in its place, the payload encrypted under the key of its owner, and what the index keeps beside it.

    ``sealed`` is None where no payload is kept, since the case is erased.
    """

    index: int
    fact: PendingEntry
    leaf: Leaf
    entry: bytes
    sealed: bytes | None


@dataclass(frozen=True, slots=True)
class LogState:
    """The state of the log while it is locked: the tree, the events it knows, the owners' keys, the erased cases."""

    frontier: CompactRange
    known: AbstractSet[UUID]
    keys: Mapping[str, bytes]
    erased: AbstractSet[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Appended:
    """The changes to store in one transaction."""

    frontier: CompactRange
    entries: tuple[LogEntry, ...]
    subtrees: tuple[Subtree, ...]
    new_keys: Mapping[str, bytes]


def append(
    facts: Sequence[PendingEntry],
    state: LogState,
    *,
    secrecy: Pseudonymizer,
    random_bytes: Callable[[int], bytes],
) -> Appended:
    """Append the facts to the tree in their order; a fact whose id is known, or repeated among them, is dropped.

    A later fact about an erased case is kept without its payload.
    """
    fresh = tuple(_fresh(facts, state.known))
    kept = [fact.owner for fact in fresh if fact.owner not in state.erased]
    owners = dict.fromkeys(owner for owner in kept if owner not in state.keys)
    new_keys = dict(zip(owners, _cut(random_bytes, len(owners), KEY_BYTES), strict=True))
    keys = {**state.keys, **new_keys}
    ciphers = {owner: secrecy.cipher(keys[owner]) for owner in set(kept)}
    salts = _cut(random_bytes, len(fresh), SALT_BYTES)
    nonces = _cut(random_bytes, len(fresh), NONCE_BYTES)
    entries = tuple(
        _entry(fact, index, secrecy=secrecy, cipher=ciphers.get(fact.owner), salt=salt, nonce=nonce)
        for index, (fact, salt, nonce) in enumerate(
            zip(fresh, salts, nonces, strict=True), state.frontier.size
        )
    )
    frontier, subtrees = grow(state.frontier, (leaf_hash(entry.entry) for entry in entries))
    return Appended(frontier, entries, subtrees, new_keys)


def _fresh(facts: Sequence[PendingEntry], known: AbstractSet[UUID]) -> Iterator[PendingEntry]:
    seen = set(known)
    for fact in facts:
        if fact.id not in seen:
            seen.add(fact.id)
            yield fact


def _entry(
    fact: PendingEntry,
    index: int,
    *,
    secrecy: Pseudonymizer,
    cipher: AESGCM | None,
    salt: bytes,
    nonce: bytes,
) -> LogEntry:
    leaf = Leaf(
        id=secrecy.event(fact.id),
        type=fact.type,
        time=fact.time,
        source=fact.source,
        commitment=commitment(salt, fact.payload),
        case=fact.case,
        authority=fact.authority,
        service=fact.service,
    )
    disclosure = Opening(salt, fact.payload)
    sealed = None if cipher is None else seal(disclosure, cipher=cipher, leaf_id=leaf.id, nonce=nonce)
    return LogEntry(index, fact, leaf, leaf.to_bytes(), sealed)


def _cut(random_bytes: Callable[[int], bytes], count: int, size: int) -> list[bytes]:
    pool = random_bytes(count * size)
    return [pool[i * size : (i + 1) * size] for i in range(count)]
