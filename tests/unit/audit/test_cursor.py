"""A cursor reads back as what it was, and nothing else reads as one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.domain.cursor import Cursor
from services.audit.domain.proof_refused import ProofRefused

PLACES = st.integers(min_value=-1, max_value=(1 << 63) - 3)


@given(after=PLACES, more=st.integers(min_value=1, max_value=1000))
def test_a_cursor_reads_back(after: int, more: int) -> None:
    cursor = Cursor(after, min(after + more, (1 << 63) - 1))
    assert Cursor.from_text(cursor.to_text()) == cursor


@given(st.text(max_size=30))
def test_other_text_is_no_cursor_or_reads_back_the_same(text: str) -> None:
    try:
        cursor = Cursor.from_text(text)
    except ProofRefused:
        return
    assert cursor.to_text() == text


@pytest.mark.parametrize("cursor", [Cursor(5, 5), Cursor(6, 5), Cursor(-2, 5)])
def test_a_cursor_that_leads_nowhere_is_refused(cursor: Cursor) -> None:
    with pytest.raises(ProofRefused, match="unchanged"):
        Cursor.from_text(cursor.to_text())
