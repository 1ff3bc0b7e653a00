import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.adapters.cursor import Cursors

CURSORS = Cursors(b"secret")


@given(st.integers(0, 2**63 - 1), st.text(max_size=20), st.text(max_size=8))
def test_a_cursor_is_read_by_its_client_in_its_epoch_only(position: int, client_id: str, epoch: str) -> None:
    cursor = CURSORS.write(position, client_id=client_id, epoch=epoch)
    assert CURSORS.read(cursor, client_id=client_id, epoch=epoch) == position
    assert CURSORS.read(cursor, client_id=client_id + "x", epoch=epoch) is None
    assert CURSORS.read(cursor, client_id=client_id, epoch=epoch + "x") is None
    assert Cursors(b"other").read(cursor, client_id=client_id, epoch=epoch) is None


def test_neighbours_do_not_look_alike() -> None:
    one, two = (CURSORS.write(position, client_id="portal", epoch="e") for position in (1, 2))
    assert sum(a == b for a, b in zip(one, two, strict=True)) < len(one) / 2


@given(st.text(max_size=40))
def test_what_we_did_not_write_is_no_cursor(text: str) -> None:
    assert CURSORS.read(text, client_id="portal", epoch="e") is None


@pytest.mark.parametrize("cursor", ["", "A" * 21, "A" * 23, "A" * 200, "ä"])
def test_another_length_is_no_cursor(cursor: str) -> None:
    assert CURSORS.read(cursor, client_id="portal", epoch="e") is None
