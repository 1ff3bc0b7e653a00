"""What a leaf says, for ever: that an event happened, without saying to whom (promise 8).

A leaf is canonical JSON: keys sorted, no white space, strings and whole numbers only. Readers accept version 1
with keys that they do not know; writers add keys only as optional ones.
"""

from dataclasses import dataclass, fields
from typing import Self
from uuid import UUID

import orjson

from services.audit.domain.refused import Refused
from services.audit.domain.tiles import MAX_ENTRY_BYTES

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One entry of the log; absent facts are left out of the JSON.

    Attributes:
        id: the event's id; no two leaves share one.
        type: CloudEvents type, which also names the payload's schema.
        time: when it happened, RFC 3339 in UTC with milliseconds, as the event says.
        source: the service that said so.
        commitment: HMAC-SHA256 (hex) of the payload under a random salt; both are disclosed to who may see.
        case: pseudonym (hex) of the case under this log's key.
        actor: pseudonym (hex) of a person who acted.
        authority: the authority concerned, by its public id.
        service: the public service, LeiKa key.
        trace: W3C trace id (hex).
        topic, partition, offset: where the event lay on the bus. From these a lost reader finds its place.
        sequence: the producer's own count of what it has said, where it counts.
    """

    id: UUID
    type: str
    time: str
    source: str
    commitment: str
    case: str | None = None
    actor: str | None = None
    authority: str | None = None
    service: str | None = None
    trace: str | None = None
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    sequence: int | None = None

    def to_bytes(self) -> bytes:
        """The entry's bytes.

        Raises:
            Refused: they would not fit an entry (65535 bytes).
        """
        said: dict[str, object] = {"v": VERSION}
        for name in _NAMES:
            value = getattr(self, name)
            if value is not None:
                said[name] = value
        entry = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
        if len(entry) > MAX_ENTRY_BYTES:
            raise Refused(f"leaf of event {self.id}: {len(entry)} bytes; the largest is {MAX_ENTRY_BYTES}")
        return entry

    @classmethod
    def from_bytes(cls, entry: bytes) -> Self:
        """Read an entry.

        Raises:
            Refused: it is not a leaf of version 1.
        """
        try:
            said = orjson.loads(entry)
            if said["v"] != VERSION:
                raise Refused("leaf: not of version 1")
            known = {name: said[name] for name in _NAMES if name in said}
            return cls(**{**known, "id": UUID(known["id"])})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Refused("leaf: not the JSON of a leaf of version 1") from error


_NAMES = tuple(field.name for field in fields(Leaf))
