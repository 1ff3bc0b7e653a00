"""A closed day says: these entries, and no others. What was altered, left out or added is refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.domain.access_log import fact_of
from services.audit.domain.append import LogState, append
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.daily_statement import (
    NOBODY,
    DayStated,
    StatedEntry,
    Statement,
    Tally,
    verify_statement,
)
from services.audit.domain.encoding import to_base64
from services.audit.domain.merkle import CompactRange, grow, inclusion_proof, leaf_hash
from services.audit.domain.note import sign
from services.audit.domain.policy import log_only
from services.audit.domain.proof import LogProof
from services.audit.domain.proof_refused import ProofRefused
from tests.support.audit import LOG_KEY, NOW, ORIGIN, SECRECY, fact

POLICY = log_only(LOG_KEY.verifier)
GIESSEN, WETZLAR = "g-06531005", "g-06532023"
ENTRIES = 10


@cache
def statement(authority: str = GIESSEN) -> Statement:
    """A day of ten entries, every third of them of Wetzlar, stated in the eleventh."""
    facts = [replace(fact(n), authority=WETZLAR if n % 3 == 0 else GIESSEN) for n in range(ENTRIES)]
    done = append(facts, LogState(CompactRange(), frozenset(), {}), secrecy=SECRECY, random_bytes=bytes)
    tally = Tally()
    for entry in done.entries:
        tally.add(entry.index, entry.entry, authority=entry.leaf.authority)
    day = DayStated(day=date(2026, 1, 12), start=0, end=ENTRIES, lines=tally.lines(), overdue={})
    said = fact_of(day, id=UUID(int=99), at=NOW, secrecy=SECRECY)
    (closing,) = append(
        [said], LogState(done.frontier, frozenset(), {}), secrecy=SECRECY, random_bytes=bytes
    ).entries
    hashes = [leaf_hash(e.entry) for e in (*done.entries, closing)]
    tree, _ = grow(CompactRange(), hashes)
    note = sign(Checkpoint(ORIGIN, tree.size, tree.root()).to_text(), [LOG_KEY], time=0)

    def subtree(height: int, index: int) -> bytes:
        return grow(CompactRange(), hashes[index << height : (index + 1) << height])[0].root()

    return Statement(
        authority=authority,
        entry=to_base64(closing.entry),
        salt=bytes(32).hex(),
        payload=said.payload.decode(),
        proof=LogProof(ENTRIES, inclusion_proof(ENTRIES, tree.size, subtree), note.to_bytes())
        .to_bytes()
        .decode(),
        records=tuple(
            StatedEntry(index=e.index, entry=to_base64(e.entry))
            for e in done.entries
            if (e.leaf.authority or NOBODY) == authority
        ),
    )


@pytest.mark.parametrize(
    ("authority", "records"), [(GIESSEN, 6), (WETZLAR, 4), ("g-06440000", 0), (NOBODY, 0)]
)
def test_a_true_statement_proves_its_records(authority: str, records: int) -> None:
    stated = verify_statement(Statement.from_bytes(statement(authority).to_bytes()), POLICY)
    assert len(stated.leaves) == records
    assert (stated.day.start, stated.day.end) == (0, ENTRIES)


def first_left_out(made: Statement) -> Statement:
    return made.model_copy(update={"records": made.records[1:]})


def one_twice(made: Statement) -> Statement:
    return made.model_copy(update={"records": (made.records[0], *made.records)})


def one_moved(made: Statement) -> Statement:
    moved = made.records[0].model_copy(update={"index": 0})
    return made.model_copy(update={"records": (moved, *made.records[1:])})


def other_authority(made: Statement) -> Statement:
    return made.model_copy(update={"authority": WETZLAR})


def none_left(made: Statement) -> Statement:
    return made.model_copy(update={"records": ()})


def other_numbers(made: Statement) -> Statement:
    payload = orjson.loads(made.payload)
    payload["data"]["lines"][0]["records"] = 5
    return made.model_copy(update={"payload": orjson.dumps(payload).decode()})


def other_salt(made: Statement) -> Statement:
    return made.model_copy(update={"salt": "ff" * 32})


@pytest.mark.parametrize(
    "alter",
    [first_left_out, one_twice, one_moved, none_left, other_authority, other_numbers, other_salt],
)
def test_an_altered_statement_is_refused(alter: Callable[[Statement], Statement]) -> None:
    with pytest.raises(ProofRefused):
        verify_statement(alter(statement()), POLICY)


def test_a_record_of_another_authority_is_refused_even_where_the_numbers_fit() -> None:
    made = statement()
    other = statement(WETZLAR).records[0]
    with pytest.raises(ProofRefused, match="are not the 6"):
        verify_statement(made.model_copy(update={"records": (other, *made.records[1:])}), POLICY)


@given(st.integers(min_value=0))
def test_an_altered_byte_is_refused_or_says_the_same(position: int) -> None:
    data = bytearray(statement().to_bytes())
    data[position % len(data)] ^= 1
    try:
        made = Statement.from_bytes(bytes(data))
        stated = verify_statement(made, POLICY)
    except ProofRefused:
        return
    assert stated == verify_statement(statement(), POLICY)
    assert made == statement()  # white space
