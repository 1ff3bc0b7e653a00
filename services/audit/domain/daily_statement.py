"""The statement that closes a day of the log: exactly which entries it has, and of which authorities.

A day is a range of the log: it begins where the day before ended, and ends when its statement is made, soon
after midnight (German time). So every entry belongs to exactly one day, and a reader who holds the entries can count
them. The statement is a leaf, so what it says about each authority is the same for everybody, and stays so.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, Self

import orjson
from pydantic import ValidationError

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.encoding import from_base64, to_base64
from services.audit.domain.leaf import Leaf
from services.audit.domain.merkle import EMPTY_ROOT, CompactRange, grow, leaf_hash, root
from services.audit.domain.payload import commitment
from services.audit.domain.policy import Policy
from services.audit.domain.proof import LogProof, verify_proof
from services.audit.domain.proof_refused import ProofRefused, invalid
from shared.events.envelope import event_type
from shared.events.payload import Payload, WireModel

NOBODY = "-"
"""The name of the line for entries that name no authority."""


class AuthorityLine(WireModel):
    """How many entries of the day name this authority; ``root`` (base64) is the RFC 6962 root over their places.

    A place is the entry's index (8 bytes, big-endian) and its leaf hash.
    """

    authority: str
    records: int
    root: str


class DayStated(Payload):
    """The entries ``start`` to ``end - 1`` are a day, with one line for each authority that they name.

    A day without a statement belongs to the next one that has one. ``overdue`` counts, by rule, the obligations
    that were overdue when the day was closed.
    """

    day: date
    start: int
    end: int
    lines: tuple[AuthorityLine, ...]
    overdue: dict[str, int]


class Tally:
    """Counts a day's entries by authority, in the log's order."""

    def __init__(self) -> None:
        self._frontiers: dict[str, CompactRange] = {}

    def add(self, index: int, entry: bytes, *, authority: str | None) -> None:
        """Count one entry."""
        name = authority or NOBODY
        self._frontiers[name], _ = grow(self._frontiers.get(name, CompactRange()), (_place(index, entry),))

    def lines(self) -> tuple[AuthorityLine, ...]:
        """One line for each authority that was named, sorted."""
        return tuple(
            AuthorityLine(authority=name, records=frontier.size, root=to_base64(frontier.root()))
            for name, frontier in sorted(self._frontiers.items())
        )


def _place(index: int, entry: bytes) -> bytes:
    return leaf_hash(index.to_bytes(8, "big") + leaf_hash(entry))


class StatedEntry(WireModel):
    """One of the entries: its place in the log, and its bytes (base64)."""

    index: int
    entry: str


class Statement(WireModel):
    """The file: an authority's entries of a day, and the proof that the log has said that these are all.

    ``entry``, ``salt`` (hex) and ``payload`` are those of the leaf of `DayStated`; ``proof`` is a C2SP
    tlog-proof with the checkpoint in it.
    """

    format: Literal["amtsweg-statement/1"] = "amtsweg-statement/1"
    authority: str
    entry: str
    salt: str
    payload: str
    proof: str
    records: tuple[StatedEntry, ...]

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a file.

        Raises:
            ProofRefused: it is not a statement.
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            raise invalid("statement", error) from None

    def to_bytes(self) -> bytes:
        """The file's bytes, made to be read by people too."""
        document = self.model_dump(mode="json", by_alias=True)
        return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


@dataclass(frozen=True, slots=True)
class Stated:
    """What a statement proves: the log has committed itself to exactly these records."""

    checkpoint: Checkpoint
    day: DayStated
    leaves: Mapping[int, Leaf]


def verify_statement(statement: Statement, policy: Policy) -> Stated:
    """Check a statement under a policy.

    Raises:
        ProofRefused: something is not proven; the text names the part.
    """
    entry = from_base64(statement.entry, "statement entry")
    trusted = verify_proof(LogProof.from_bytes(statement.proof.encode()), entry, policy)
    day = _opened(statement, Leaf.from_bytes(entry))
    names = [line.authority for line in day.lines]
    if names != sorted(set(names)) or sum(line.records for line in day.lines) != day.end - day.start:
        raise ProofRefused("statement: the lines do not add up to the entries of the day")
    entries = {r.index: from_base64(r.entry, f"entry {r.index}") for r in statement.records}
    _compare(day, statement.authority, entries)
    leaves = {index: Leaf.from_bytes(entry) for index, entry in entries.items()}
    in_order = [record.index for record in statement.records] == sorted(leaves)
    if not in_order or not all(day.start <= index < day.end for index in leaves):
        raise ProofRefused("statement: the records are not in the log's order, or not of this day")
    if any((leaf.authority or NOBODY) != statement.authority for leaf in leaves.values()):
        raise ProofRefused(f"statement: a record does not name {statement.authority}")
    return Stated(trusted, day, leaves)


def _compare(day: DayStated, authority: str, entries: Mapping[int, bytes]) -> None:
    empty = AuthorityLine(authority=authority, records=0, root=to_base64(EMPTY_ROOT))
    stated = next((line for line in day.lines if line.authority == authority), empty)
    places = [_place(index, entry) for index, entry in entries.items()]
    if (len(places), to_base64(root(places))) != (stated.records, stated.root):
        raise ProofRefused(f"statement: the records are not the {stated.records} of {authority}")


def _opened(statement: Statement, leaf: Leaf) -> DayStated:
    try:
        salt = bytes.fromhex(statement.salt)
        event = orjson.loads(statement.payload)
        day = DayStated.model_validate(event["data"])
    except (ValueError, TypeError, KeyError):
        raise ProofRefused("statement: its payload is not that of a closed day") from None
    if leaf.type != event_type(DayStated) or not hmac.compare_digest(
        commitment(salt, statement.payload.encode()), leaf.commitment
    ):
        raise ProofRefused("statement: salt and payload do not open the commitment of a closed day")
    return day
