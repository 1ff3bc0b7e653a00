import re
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.adapters.template_files import FOLDER, read_templates
from services.notifier.domain.rendering import Names, Renderer, Unrenderable, Words
from shared.events.notification import MessageKind
from shared.events.submission import Language
from tests.support.events import RECEIPT
from tests.support.mails import KINDS, LANGUAGES, NAMES, message

RENDERER = Renderer(read_templates())

FROZEN = {"v1": "448cfb9b3fdb1bb78a5c91c60397561872ce5148a9816c79d0625d920a12deec"}
"""The digest of every released version of the templates: a changed word is a new version."""

every_message = pytest.mark.parametrize(
    ("kind", "language"), [(kind, language) for kind in KINDS for language in LANGUAGES]
)


def words(kind: MessageKind, language: Language, names: Names = NAMES) -> Words:
    return RENDERER.render(message(kind, language=language), names)


class _Outline(HTMLParser):
    """What assistive technology sees of a page."""

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


@pytest.mark.parametrize("version", [folder.name for folder in sorted(FOLDER.iterdir())])
def test_released_templates_do_not_change(version: str) -> None:
    digest = sha256()
    for path, text in read_templates().items():
        if path.startswith(f"{version}/"):
            digest.update(f"{path}\n{text}\n".encode())
    assert digest.hexdigest() == FROZEN[version]


@every_message
def test_a_mail_names_receipt_number_service_and_day_of_receipt(
    kind: MessageKind, language: Language
) -> None:
    rendered = words(kind, language)
    day = "12. Januar 2026, 10:30 Uhr (MEZ)" if language == "de" else "12 January 2026, 10:30 (CET)"
    for body in (rendered.text, _Outline(rendered.html).text):
        assert RECEIPT.receipt_number in body
        assert "Gewerbe Anmeldung" in body
        assert day in body
    assert RECEIPT.receipt_number in rendered.subject


@every_message
def test_text_and_page_say_the_same(kind: MessageKind, language: Language) -> None:
    rendered = words(kind, language)
    page = _Outline(rendered.html).text
    paragraphs = [line for line in rendered.text.splitlines() if len(line) > 60]
    assert len(paragraphs) == 4
    assert all(paragraph in page for paragraph in paragraphs)


@every_message
def test_the_page_has_a_language_and_real_headings_in_order(kind: MessageKind, language: Language) -> None:
    page = _Outline(words(kind, language).html)
    assert page.lang == language
    assert [tag for tag in page.tags if re.fullmatch(r"h[1-6]", tag)] == ["h1", "h2", "h2"]
    assert page.tags.count("main") == page.tags.count("title") == 1


@every_message
def test_a_mail_loads_nothing_and_links_nowhere(kind: MessageKind, language: Language) -> None:
    rendered = words(kind, language)
    assert not {"a", "img", "link", "script", "iframe"} & set(_Outline(rendered.html).tags)
    for body in (rendered.text, rendered.html):
        assert not re.search(r"https?:|www\.|url\(", body)


@every_message
def test_a_mail_does_not_claim_to_be_a_decision(kind: MessageKind, language: Language) -> None:
    denial = (
        "keine Entscheidung|nicht der Bescheid" if language == "de" else "not a decision|not the decision"
    )
    assert re.search(denial, words(kind, language).text)


@every_message
def test_without_names_a_mail_still_reads_well(kind: MessageKind, language: Language) -> None:
    rendered = words(kind, language, Names(service=None, authority=None))
    assert "None" not in rendered.text + rendered.html
    assert not re.search(r" [.:)]|\( |\n\n\n", rendered.text)


@pytest.mark.parametrize("kind", ["routed", "accepted", "decided"])
def test_the_authority_is_named_where_one_has_the_case(kind: MessageKind) -> None:
    assert "Magistrat der Universitätsstadt Gießen" in words(kind, "de").text


def test_markup_in_a_name_stays_text() -> None:
    hostile = Names(service='<b onclick="x">&', authority="<script>")
    page = _Outline(words("routed", "de", hostile).html)
    assert not {"b", "script"} & set(page.tags)
    assert '<b onclick="x">&' in page.text
    assert '<b onclick="x">&' in words("routed", "de", hostile).text


@given(st.text())
def test_no_value_breaks_a_line_or_becomes_a_link(text: str) -> None:
    with suppress(Unrenderable):
        rendered = RENDERER.render(replace(message("routed"), receipt_number=text), NAMES)
        assert rendered.subject.splitlines() == [rendered.subject]
        assert not re.search(r"://|www\.|@", rendered.text, re.IGNORECASE)


@pytest.mark.parametrize(
    "value", ["A\r\nBcc: x", "A\nB", "A\u2028B", "http://evil", "www.evil.example", "a@b.example"]
)
def test_a_value_that_could_do_harm_is_refused(value: str) -> None:
    with pytest.raises(Unrenderable, match="receipt_number"):
        RENDERER.render(replace(message("routed"), receipt_number=value), NAMES)


def test_a_missing_version_of_the_templates_is_an_error() -> None:
    with pytest.raises(Unrenderable, match="TemplateNotFound"):
        RENDERER.render(message("routed", templates="v0"), NAMES)


def test_a_template_that_wants_an_unknown_value_is_an_error() -> None:
    sources = read_templates() | {"v1/de/routed.jinja": "{% block subject %}{{ name }}{% endblock %}"}
    with pytest.raises(Unrenderable, match="UndefinedError"):
        Renderer(sources).render(message("routed"), NAMES)


def test_a_template_cannot_reach_beyond_its_values() -> None:
    escape = "{% block subject %}{{ receipt_number.__class__.__mro__ }}{% endblock %}"
    with pytest.raises(Unrenderable, match="SecurityError"):
        Renderer(read_templates() | {"v1/de/routed.jinja": escape}).render(message("routed"), NAMES)
