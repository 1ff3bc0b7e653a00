"""The walked case holds only when one history tells all of it and everybody has read the same."""

from collections.abc import Sequence

import pytest

from amtsweg.demo.journey import WALKED, Journey, in_order, tells

WHOLE = [("submitted-elsewhere", None), *WALKED, ("message-sent", None)]


def journey(*, read: Sequence[str] = ("same",) * 4, document_opened: bool = True) -> Journey:
    return Journey(history=WHOLE, read=list(read), document_opened=document_opened)


def test_a_whole_history_holds_whatever_stands_between() -> None:
    assert journey().holds
    assert journey().line().holds


@pytest.mark.parametrize("number", range(len(WALKED)))
def test_a_history_without_one_of_its_lines_does_not_hold(number: int) -> None:
    assert not tells([*WALKED[:number], *WALKED[number + 1 :]])


def test_another_order_or_another_authority_does_not_hold() -> None:
    assert not tells([*WALKED[1:], WALKED[0]])
    assert not tells([(code, authority and "g-06412000") for code, authority in WALKED])


def test_a_holder_that_read_something_else_and_a_document_that_does_not_open_do_not_hold() -> None:
    assert not journey(read=["same"] * 3).holds
    assert not journey(read=["same"] * 3 + ["another"]).holds
    assert not journey(document_opened=False).holds


def test_a_walk_that_broke_off_says_so_in_the_bill() -> None:
    line = Journey(broken_off="abgebrochen: TimeoutError").line()

    assert (line.holds, line.found) == (False, "abgebrochen: TimeoutError")


def test_lines_stand_as_they_happened_in_whatever_order_they_were_read() -> None:
    early, late = "2026-01-12T09:30:00.001Z", "2026-01-12T09:30:01+00:00"
    read = [
        {"code": "routed", "at": late},
        {"code": "returned", "at": late},
        {"code": "received", "at": early},
    ]

    assert [line["code"] for line in in_order(read)] == ["received", "returned", "routed"]
