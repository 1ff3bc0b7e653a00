import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.language import preferred

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "de"),
        ("en", "en"),
        ("en-GB", "en"),
        ("de;q=0.5, en;q=0.8", "en"),
        ("de;q=0.8, en;q=0.5", "de"),
        ("en;q=0.5, de", "de"),
        ("fr, en;q=0.3", "en"),
        ("fr", "de"),
        ("de;q=0, *", "en"),
        ("en;q=0", "de"),
        ("*", "de"),
        ("*;q=0.1, en;q=0.2", "en"),
        ("de-AT;q=0.2, de-DE;q=0.9, en;q=0.5", "de"),
        ("en;q=high, de", "de"),
        ("en; q = 0.9, de;q=0.1", "en"),
        ("EN", "en"),
    ],
)
def test_the_language_of_the_greatest_weight_is_taken(header: str, language: str) -> None:
    assert preferred(header, offered=("de", "en")) == language


@given(st.text(max_size=80))
def test_any_header_gives_an_offered_language(header: str) -> None:
    assert preferred(header, offered=("de", "en")) in {"de", "en"}
