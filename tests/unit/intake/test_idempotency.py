import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.idempotency import read_key

printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=255)


@given(printable)
def test_any_printable_key_is_read_from_its_structured_field_string(key: str) -> None:
    written = '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert read_key(f" {written} ") == key


def test_a_key_without_quotes_is_the_same_key() -> None:
    assert read_key("8e03978e-40d5") == read_key('"8e03978e-40d5"') == "8e03978e-40d5"


@pytest.mark.parametrize(
    "header",
    ["", '""', '"', '"a', 'a"', '"a"b', '"a";p=1', "a b", "a;b", "ä", '"ä"', '"a\\b"', "x" * 256, '"\n"'],
)
def test_anything_else_is_malformed(header: str) -> None:
    assert read_key(header) is None
