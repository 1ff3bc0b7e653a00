"""The statutory messages: complete, in three languages, or not written at all."""

import re
from contextlib import suppress
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amtsweg.templates import page, sample
from services.notifier.adapters.template_files import STATUTORY, open_statutory
from services.notifier.domain.rendering import Unrenderable
from services.notifier.domain.statutory import (
    REGISTERS,
    REQUIRED,
    STATUTORY_KINDS,
    Register,
    StatutoryKind,
)

RENDERER = open_statutory()
FROZEN = {"v1": "82d9bd6f2265441a7f99cb628a78f1d3b0ca296c341aa0fc6efb9e8c142af74c"}
"""The digest of every version of the texts: a changed word is a new version."""

every_message = pytest.mark.parametrize(
    ("kind", "register"), [(kind, register) for kind in STATUTORY_KINDS for register in REGISTERS]
)


class Outline(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.lang: str | None = None
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "html":
            self.lang = dict(attrs)["lang"]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("version", [folder.name for folder in sorted(STATUTORY.iterdir())])
def test_released_texts_do_not_change(version: str) -> None:
    digest = sha256()
    for file in sorted((STATUTORY / version).iterdir()):
        digest.update(f"{file.name}\n{file.read_text(encoding='utf-8')}\n".encode())
    assert digest.hexdigest() == FROZEN[version]


@every_message
def test_every_fact_is_said_in_text_and_page(kind: StatutoryKind, register: Register) -> None:
    words = RENDERER.render(kind, register, sample(kind))
    shown = Outline(words.html)
    for value in sample(kind).values():
        assert value in words.text
        assert value in shown.text


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind in STATUTORY_KINDS for field in REQUIRED[kind]]
)
def test_nothing_is_written_while_a_fact_is_missing(kind: StatutoryKind, field: str) -> None:
    for facts in (sample(kind) | {field: " "}, {k: v for k, v in sample(kind).items() if k != field}):
        with pytest.raises(Unrenderable, match=field):
            RENDERER.render(kind, "de", facts)


def test_the_confirmation_says_all_that_the_law_asks_for() -> None:
    """§ 71b Abs. 3 VwVfG: day of receipt, period, what starts it, consequence of its expiry, remedies."""
    assert set(REQUIRED["acknowledgement"]) >= {
        "authority",
        "received_on",
        "period",
        "starts",
        "consequence",
        "remedies",
    }


@every_message
def test_a_page_is_accessible(kind: StatutoryKind, register: Register) -> None:
    shown = Outline(RENDERER.render(kind, register, sample(kind)).html)
    assert shown.lang == ("en" if register == "en" else "de")
    assert [tag for tag in shown.tags if re.fullmatch("h[1-6]", tag)] == ["h1"]
    assert not {"table", "img", "a", "script", "link"} & set(shown.tags)


@every_message
def test_a_subject_says_nothing_of_the_content(kind: StatutoryKind, register: Register) -> None:
    words = RENDERER.render(kind, register, sample(kind))
    assert words.subject.splitlines() == [words.subject]
    for field, value in sample(kind).items():
        assert field == "receipt_number" or value not in words.subject


@every_message
def test_plain_german_has_short_sentences(kind: StatutoryKind, register: Register) -> None:
    words = RENDERER.render(kind, register, sample(kind))
    facts = set(sample(kind).values())
    said = [line for line in words.text.splitlines() if not any(value in line for value in facts)]
    longest = max(len(sentence.split()) for line in said for sentence in re.split(r"[.!?:]", line))
    assert longest <= (15 if register == "de-plain" else 35)


def test_a_fact_of_another_message_is_refused() -> None:
    with pytest.raises(Unrenderable, match="missing is no fact"):
        RENDERER.render("receipt", "de", sample("receipt") | {"missing": "alles"})


@given(st.text("<>&\"'{}%abc\r\n:/.@", max_size=30))
def test_no_value_becomes_markup_a_link_or_a_line(text: str) -> None:
    with suppress(Unrenderable):
        words = RENDERER.render("incomplete", "de", sample("incomplete") | {"missing": text})
        assert (
            Outline(words.html).tags
            == Outline(RENDERER.render("incomplete", "de", sample("incomplete")).html).tags
        )
        assert not re.search(r"://|www\.|@", words.text)
        assert "\r" not in words.text


def test_the_preview_shows_every_message_in_every_language() -> None:
    shown = Outline(page())
    assert shown.tags.count("iframe") == len(STATUTORY_KINDS) * len(REGISTERS)
