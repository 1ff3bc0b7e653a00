"""What stands in a string is neither a level nor a value, however it is escaped."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.strict_json import DEEPEST, DocumentLimits, FaultPlace, inspect

_TEXT = st.text(alphabet='"\\[]{},:ua0ü', max_size=8)
_VALUES = st.recursive(
    _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)


def _structure(value: Any) -> Any:
    """The value with strings that hold nothing."""
    if isinstance(value, dict):
        return {str(place): _structure(inner) for place, inner in enumerate(value.values())}
    if isinstance(value, list):
        return [_structure(inner) for inner in value]
    return ""


@given(_VALUES, st.booleans())
def test_values_are_counted_outside_strings(value: Any, ascii_only: bool) -> None:  # noqa: FBT001 - any JSON; drawn
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    bare = json.dumps(_structure(value))
    count = sum(map(bare.count, ",{["))
    assert inspect(body, DocumentLimits(most_values=count)) == ()
    assert inspect(body, DocumentLimits(most_values=count - 1)) == (FaultPlace("", "too-many-values"),)


@given(st.lists(_TEXT, min_size=1, max_size=50), st.integers(1, DEEPEST + 8))
def test_levels_are_counted_outside_strings(texts: list[str], levels: int) -> None:
    body = b"[" * levels + json.dumps("".join(texts)).encode() + b"]" * levels
    assert (inspect(body) == ()) is (levels <= DEEPEST + 1)
