"""An erasure at any moment of a case: nothing that comes afterwards has an effect, and nothing personal stays."""

from datetime import timedelta
from uuid import uuid5

from hypothesis import given

from services.router.domain.cases import custody as c
from services.router.domain.cases.erasure import erased
from shared.events.case import AnswerRefused, OrderRefused
from shared.events.custody import CaseHeld
from shared.events.envelope import Event
from shared.events.erasure import EraseOrdered
from shared.events.payload import Payload
from shared.events.supplement import SubmissionRefused
from tests.support.events import CASE_ID, GIESSEN, RECEIPT, event
from tests.unit.router.test_transitions import EVENTS, MARBURG, NOW, ORDER, RECEIVED, WETZLAR, Case, run

REFUSALS = (AnswerRefused, OrderRefused, SubmissionRefused)


def erasing(case: Case, number: int) -> CaseHeld:
    order = event(EraseOrdered(basis="Art. 17 Abs. 1 DSGVO"), event_id=uuid5(CASE_ID, f"erase {number}"))
    assert case.custody is not None
    return erased(case.custody, order, now=NOW + timedelta(days=number))


def without_memory(custody: CaseHeld | None) -> CaseHeld | None:
    return custody and custody.model_copy(update={"applied": (), "applied_at": None})


@given(ORDER, ORDER)
def test_nothing_that_comes_after_an_erasure_has_an_effect(
    before: list[Event[Payload]], after: list[Event[Payload]]
) -> None:
    case = run([RECEIVED, *before])
    case.custody = gravestone = erasing(case, 1)
    case.told.clear()
    for cause in after:
        case.take(cause)
    assert without_memory(case.custody) == without_memory(gravestone)
    assert all(isinstance(told, REFUSALS) for told in case.told)


@given(ORDER)
def test_what_was_applied_before_an_erasure_is_known_after_it(before: list[Event[Payload]]) -> None:
    case = run([RECEIVED, *before])
    applied = set() if case.custody is None else {*case.custody.applied}
    case.custody = erasing(case, 1)
    case.told.clear()
    for cause in EVENTS:
        if cause.id in applied:
            case.take(cause)
    assert case.told == []


@given(ORDER)
def test_an_erased_custody_holds_nothing_about_a_person_or_an_authority(before: list[Event[Payload]]) -> None:
    gravestone = erasing(run([RECEIVED, *before]), 1)
    kept = gravestone.to_json().decode()
    told = (RECEIPT.receipt_number, RECEIPT.content_hash, RECEIPT.client_reference_hash or "-" * 99)
    assert [each for each in (*told, GIESSEN, MARBURG, WETZLAR, "kid") if each in kept] == []
    assert {*gravestone.model_dump(exclude_defaults=True)} == {
        "submission_id",
        "receipt",
        "standing",
        "since",
        "applied",
        "applied_at",
    }


@given(ORDER)
def test_a_second_erasure_has_no_effect(before: list[Event[Payload]]) -> None:
    case = run([RECEIVED, *before])
    case.custody = once = erasing(case, 1)
    assert without_memory(erasing(case, 2)) == without_memory(once)
    again = event(EraseOrdered(basis="Art. 17 Abs. 1 DSGVO"), event_id=uuid5(CASE_ID, "erase 1"))
    assert not c.is_new(once, again)
