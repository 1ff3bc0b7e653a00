"""The answers as JSON documents; the OpenAPI description is made from them."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import orjson

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.encoding import to_base64
from services.audit.domain.merkle import leaf_hash
from services.audit.domain.pseudonyms import Opening
from services.audit.domain.reading import ShownEntry
from shared.events.payload import WireModel
from shared.web.names import NamesTold


class CheckpointDocument(WireModel):
    """Which tree the answer can be checked against; the signed form is at ``/log/checkpoint``."""

    origin: str
    size: int
    root: str


class DisclosureDocument(WireModel):
    """Opens the leaf's commitment: ``HMAC-SHA256(salt, payload) = commitment``, over these very bytes."""

    salt: str
    payload: str
    event: dict[str, Any]


class EntryDocument(WireModel):
    """One entry: its bytes, what they say, and what opens them.

    ``covered``: the published checkpoint reaches it. ``erased``: its payload is gone on purpose. ``withheld``: it is
    there and tells what a person did; that is shown where two auditors have agreed.
    """

    index: int
    leaf: dict[str, Any]
    entry: str
    leaf_hash: str
    covered: bool
    disclosure: DisclosureDocument | None = None
    erased: bool | None = None
    withheld: bool | None = None


class TimelineDocument(WireModel):
    """Everything about one case, in the log's order. ``look`` is the index of the leaf that records this look.

    ``next``, where a case has more entries than are shown: the rest is found with ``/v1/entries`` after it.
    """

    case: str
    look: int
    checkpoint: CheckpointDocument
    entries: tuple[EntryDocument, ...]
    names: NamesTold
    next: str | None = None


class EntriesDocument(WireModel):
    """A page of entries; ask again with ``after`` = ``next`` until it is absent.

    ``total``: how many there are in all; 10001 stands for more than ten thousand.
    """

    look: int
    checkpoint: CheckpointDocument
    total: int
    entries: tuple[EntryDocument, ...]
    names: NamesTold
    next: str | None = None


class InclusionDocument(WireModel):
    """The proof that an entry is in the tree (RFC 6962 section 2.1.1), leaf to root."""

    index: int
    size: int
    hashes: tuple[str, ...]
    proof: str
    checkpoint: str


class ConsistencyDocument(WireModel):
    """The proof that the tree of ``size`` entries extends that of ``old`` (RFC 6962 section 2.1.2)."""

    old: int
    size: int
    hashes: tuple[str, ...]
    checkpoint: str


def checkpoint_document(checkpoint: Checkpoint) -> CheckpointDocument:
    return CheckpointDocument(origin=checkpoint.origin, size=checkpoint.size, root=to_base64(checkpoint.root))


def entry_document(shown: ShownEntry, *, size: int, disclosing: bool) -> EntryDocument:
    """An entry; ``disclosing`` where payloads are shown at all, ``size`` of the published tree."""
    disclosure = shown.disclosure
    return EntryDocument(
        index=shown.index,
        leaf=orjson.loads(shown.entry),
        entry=b64encode(shown.entry).decode(),
        leaf_hash=to_base64(leaf_hash(shown.entry)),
        covered=shown.index < size,
        disclosure=None if disclosure is None else _disclosure(disclosure),
        erased=disclosure is None and not shown.withheld if disclosing else None,
        withheld=True if disclosing and shown.withheld else None,
    )


def hashes(values: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(map(to_base64, values))


def _disclosure(disclosure: Opening) -> DisclosureDocument:
    return DisclosureDocument(
        salt=disclosure.salt.hex(),
        payload=disclosure.payload.decode(),
        event=orjson.loads(disclosure.payload),
    )
