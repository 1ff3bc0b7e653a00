"""The permanent content of a leaf: that an event happened, without saying to whom (promise 8).

A leaf is canonical JSON: keys sorted, no white space, strings and whole numbers only. Readers accept version 1
with keys that they do not know; writers add keys only as optional ones.
"""

import re
from dataclasses import dataclass, fields
from typing import Self

import orjson

from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.tiles import MAX_ENTRY_BYTES

VERSION = 1
KEYED = re.compile(r"[0-9a-f]{32}")
"""What an id or a pseudonym looks like under a log's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One entry of the log; absent facts are left out of the JSON.

    A holder of the log who knows a submission, a request or a person finds none of their leaves: ids are keyed, and
    who acted, the trace and the place on the bus stand in the payload alone.

    Attributes:
        id: the event's id under this log's key, 32 hex digits; no two leaves share one.
        type: CloudEvents type, which also names the payload's schema.
        time: when it happened, RFC 3339 in UTC with milliseconds, as the event says.
        source: the service that said so.
        commitment: HMAC-SHA256 (hex) of the payload under a random salt; both are disclosed to readers who may see the payload.
        case: pseudonym (hex) of the case under this log's key.
        authority: the authority concerned, by its public id.
        service: the public service, LeiKa key.
    """

    id: str
    type: str
    time: str
    source: str
    commitment: str
    case: str | None = None
    authority: str | None = None
    service: str | None = None

    def to_bytes(self) -> bytes:
        """The entry's bytes.

        Raises:
            ProofRefused: they would not fit an entry (65535 bytes).
        """
        said: dict[str, object] = {"v": VERSION}
        for name in _NAMES:
            value = getattr(self, name)
            if value is not None:
                said[name] = value
        entry = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
        if len(entry) > MAX_ENTRY_BYTES:
            raise ProofRefused(
                f"leaf of event {self.id}: {len(entry)} bytes; the largest is {MAX_ENTRY_BYTES}"
            )
        return entry

    @classmethod
    def from_bytes(cls, entry: bytes) -> Self:
        """Read an entry.

        Raises:
            ProofRefused: it is not a leaf of version 1.
        """
        try:
            said = orjson.loads(entry)
            if said["v"] != VERSION:
                raise ProofRefused("leaf: not of version 1")
            leaf = cls(**{name: said[name] for name in _NAMES if name in said})
            keyed = [KEYED.fullmatch(each) for each in (leaf.id, leaf.case) if each is not None]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ProofRefused("leaf: not the JSON of a leaf of version 1") from error
        if not all(keyed):
            raise ProofRefused("leaf: its id or pseudonym is not 32 hex digits")
        return leaf


_NAMES = tuple(field.name for field in fields(Leaf))
