"""A cursor is a text that comes back unread, and nobody else's."""

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.cases.inbox import BadCursor, read_cursor, turns, write_cursor

IDS = st.from_regex(r"[a-z]{1,4}(-[a-z0-9]{1,6}){1,2}", fullmatch=True)
PLACES = st.dictionaries(IDS, st.integers(min_value=0, max_value=2**63 - 1), max_size=20)


@given(places=PLACES)
def test_a_cursor_reads_as_it_was_written(places: dict[str, int]) -> None:
    assert read_cursor(write_cursor(places), served=frozenset(places)) == places


@given(places=PLACES.filter(bool), served=st.frozensets(IDS))
def test_a_cursor_of_an_inbox_that_is_not_served_is_refused(
    places: dict[str, int], served: frozenset[str]
) -> None:
    if not served.issuperset(places):
        with pytest.raises(BadCursor):
            read_cursor(write_cursor(places), served=served)


@given(
    authorities=st.lists(IDS, min_size=1, max_size=30, unique=True),
    limit=st.integers(1, 100),
    first=st.integers(0, 10**6),
)
def test_everybody_has_a_turn_before_anybody_has_a_second(
    authorities: list[str], limit: int, first: int
) -> None:
    order = list(turns(authorities, limit=limit, first=first))

    assert sorted(each for each, _ in order[: len(authorities)]) == sorted(authorities)
    assert order[0][0] == authorities[first % len(authorities)]
    assert all(1 <= most <= max(1, limit // len(authorities)) for _, most in order[: len(authorities)])
    assert {each for each, most in order if most == limit} == set(authorities)


def test_no_authorities_make_no_turns() -> None:
    assert list(turns((), limit=1, first=3)) == []


def encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "ä",
        "x" * 30_000,
        encoded("[]"),
        encoded('{"g-1":-1}'),
        encoded('{"g-1":true}'),
        encoded('{"g-1":"1"}'),
        encoded('{"g-1":1.5}'),
        encoded('{"g-1":9223372036854775808}'),
        encoded("[" * 20_000),
    ],
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        read_cursor(text, served=frozenset({"g-1"}))


@given(text=st.text(max_size=60))
def test_any_text_is_read_or_refused_as_a_cursor(text: str) -> None:
    try:
        places = read_cursor(text, served=frozenset({"g-1"}))
    except BadCursor:
        return
    assert places.keys() <= {"g-1"}
