"""What an authority says is missing reaches the applicant as plain lines, whatever it has written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.notifier.domain.missing import NoticeUnreadable, missing_items
from shared.events.sealed_answer import MAX_NOTICE_BYTES, MOST_MISSING, AnswerNotice, MissingItem
from tests.support.mails import LANGUAGES, NAMES, WRITER, message

_ITEM: TypeAdapter[str] = TypeAdapter(MissingItem)


def is_taken(text: str) -> bool:
    try:
        return bool(_ITEM.validate_python(text))
    except ValidationError:
        return False


ITEMS = st.lists(
    st.one_of(
        st.text(min_size=1, max_size=200),
        st.sampled_from(
            ("a@b.de", "WWW.stadt.de", "https://x", "MAILTO:a@b", "wwwwww..", ":////", "<i>&amp;")
        ),
    ).filter(is_taken),
    min_size=1,
    max_size=MOST_MISSING,
)


@given(ITEMS, st.sampled_from(LANGUAGES))
def test_every_list_that_a_door_takes_can_be_written_and_leads_nowhere(
    items: list[str], language: str
) -> None:
    found = missing_items(AnswerNotice(missing=tuple(items)).model_dump_json(by_alias=True).encode())
    assert len(found) == len(items)
    words = WRITER.write(message("incomplete", language=language), NAMES, missing=found)  # type: ignore[arg-type] # one of the literals
    assert all(f"- {item}\n" in words.text for item in found)
    assert words.html.count("<li>") == len(items)
    assert not re.search(r"://|www\.|@|mailto:", words.text, re.IGNORECASE)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("İstanbul: an info@stadt.de", "İstanbul: an info (at) stadt.de"),
        ("İİİ https://x", "İİİ https: / /x"),
        ("maİlto:a", "mailto a"),
        ("WWW.Stadt.de, www.Stadt.de", "www Stadt.de, www Stadt.de"),
    ],
)
def test_letters_that_grow_when_they_are_made_small_hide_no_link(item: str, said: str) -> None:
    """One that stayed would keep the whole message from being written."""
    found = missing_items(AnswerNotice(missing=(item,)).model_dump_json(by_alias=True).encode())
    assert found == [said]
    assert said in WRITER.write(message("incomplete"), NAMES, missing=found).text


def test_what_needs_no_change_is_said_as_it_is() -> None:
    assert missing_items('{"missing":["Führungszeugnis, nicht älter als 3 Monate"]}'.encode()) == [
        "Führungszeugnis, nicht älter als 3 Monate"
    ]


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b'{"missing":[]}',
        b'{"missing":["a\\nb"]}',
        b'{"missing":["' + b"x" * 201 + b'"]}',
        b'{"missing":[' + b",".join([b'"x"'] * (MOST_MISSING + 1)) + b"]}",
        b" " * (MAX_NOTICE_BYTES + 1),
    ],
)
def test_what_is_no_list_is_refused_without_repeating_it(document: bytes) -> None:
    with pytest.raises(NoticeUnreadable) as refused:
        missing_items(document)
    assert "xxx" not in str(refused.value)
