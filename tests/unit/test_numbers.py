"""One number for everything: however somebody writes it, each door that looks cases up finds the same one."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.domain.pending_entry import NUMBER
from services.audit.domain.pseudonyms import Pseudonymizer
from services.audit.domain.reference import CaseReference
from services.intake.adapters.postgres.operate import _question
from services.router.domain.cases import desk
from services.router.domain.cases.overview import StandingCase, find_standing
from shared.events.custody import CaseHeld
from shared.events.receipt_number import as_written, receipt_number
from tests.support.events import CASE_ID, PARKED, RECEIPT, RECEIVED_AT, SUBMISSION_ID

SECRECY = Pseudonymizer(b"s" * 32)
AW = receipt_number(SUBMISSION_ID, received_at=RECEIVED_AT)
OURS = (AW, str(SUBMISSION_ID), str(CASE_ID))
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    str.lower,
    str.upper,
    lambda number: f"  {number}\t",
    lambda number: number.replace("-", " ") if number.startswith("AW") else f"{{{number}}}",
    lambda number: number.replace("-", "") if number.startswith("AW") else f"urn:uuid:{number}",
    lambda number: number.replace("0", "O").replace("1", "l") if number.startswith("AW") else number,
)

HELD = CaseHeld(
    submission_id=SUBMISSION_ID,
    receipt=RECEIPT.model_copy(update={"receipt_number": AW}),
    standing="parked",
    since=RECEIVED_AT,
    decision=PARKED,
)
STANDING = StandingCase(
    submission_id=SUBMISSION_ID,
    receipt_number=AW,
    received_at=RECEIVED_AT,
    service=RECEIPT.service,
    standing="parked",
    since=RECEIVED_AT,
    authority=None,
)


def console(number: str) -> object:
    return find_standing({CASE_ID: STANDING}, number)


def clearing_desk(number: str) -> object:
    return desk.find({CASE_ID: HELD}, number)


def log(number: str) -> object:
    """The tokens of a receipt number stand in the log's index; an id has the pseudonyms that the case may have."""
    found = CaseReference.of(number, SECRECY)
    if found.tokens:
        return found.tokens == (SECRECY.token(NUMBER, AW),) or None
    return (
        SECRECY.case(CASE_ID) in found.pseudonyms or SECRECY.case(SUBMISSION_ID) in found.pseudonyms or None
    )


def intake(number: str) -> object:
    return _question(number.strip())[1] in {AW, SUBMISSION_ID, CASE_ID} or None


DOORS = [console, clearing_desk, log, intake]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("number", OURS)
def test_a_number_of_ours_opens_every_door_however_it_is_written(
    door: Callable[[str], object], number: str
) -> None:
    for spelling in SPELLINGS:
        assert door(spelling(number)) is not None, spelling(number)


@pytest.mark.parametrize("door", DOORS)
@given(
    st.text(max_size=80) | st.uuids().map(str) | st.from_regex(r"AW-2026(-[0-9A-Z]{4}){3}", fullmatch=True)
)
def test_a_number_that_is_not_of_this_case_opens_no_door(door: Callable[[str], object], typed: str) -> None:
    if as_written(typed) in OURS or not typed.strip().isprintable() or not typed.strip():
        return
    assert door(typed) is None


def test_a_pseudonym_is_taken_as_it_is_although_it_looks_like_an_id() -> None:
    pseudonym = SECRECY.case(CASE_ID)
    assert CaseReference.of(pseudonym, SECRECY) == CaseReference((pseudonym,))
    assert as_written(pseudonym) == str(UUID(pseudonym))
    assert console(pseudonym) is None
    other = replace(STANDING, receipt_number=receipt_number(UUID(int=1), received_at=RECEIVED_AT))
    assert find_standing({CASE_ID: other}, AW) is None
