"""The messages: complete in every language, or not written at all."""

import re
from contextlib import suppress
from dataclasses import replace
from datetime import date
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amtsweg.templates import page, wordings
from services.notifier.adapters.template_files import FOLDER, read_texts
from services.notifier.domain.message import CURRENT_TEMPLATES, ApplicantMessage
from services.notifier.domain.period import Progress
from services.notifier.domain.rendering import REQUIRED, Names, Unrenderable
from shared.events.notification import MessageKind
from shared.events.submission import Language
from tests.support.events import RECEIPT, RECEIVED_AT
from tests.support.mails import KINDS, LANGUAGES, NAMES, WRITER, message, sample

TEXTS = read_texts()[CURRENT_TEMPLATES]

FROZEN = {
    "v1": "0a531f448e38cc2ec890ccd26a5ddc6b828fbf2d73169580924cbc7c0d8952e0",
    "v2": "f07a433fe42252c928c4e8560d6eed75adeac3a9f8cf11ca86cf566285a8a49b",
    "v3": "3f183d3b75575bbd17c58c2546020e609c90b531196dd605ca2d76e62a03b5e1",
}
"""The digest of every version of the texts: a changed word is a new version."""

every_message = pytest.mark.parametrize(
    ("kind", "language"), [(kind, language) for kind in KINDS for language in LANGUAGES]
)


class Outline(HTMLParser):
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


def written(kind: MessageKind, language: Language = "de", names: Names = NAMES, **changes: object) -> str:
    return WRITER.write(replace(message(kind, language=language), **changes), names).text  # type: ignore[arg-type] # fields of a message


@pytest.mark.parametrize("version", [folder.name for folder in sorted(FOLDER.iterdir())])
def test_released_texts_do_not_change(version: str) -> None:
    digest = sha256()
    for file in sorted((FOLDER / version).iterdir()):
        digest.update(f"{file.name}\n{file.read_text(encoding='utf-8')}\n".encode())
    assert digest.hexdigest() == FROZEN[version]


@every_message
def test_every_fact_is_said_in_text_and_page(kind: MessageKind, language: Language) -> None:
    words = TEXTS.render(kind, language, sample(kind))
    shown = Outline(words.html)
    for value in sample(kind).values():
        assert value in words.text
        assert value in shown.text


@pytest.mark.parametrize(("kind", "field"), [(kind, field) for kind in KINDS for field in REQUIRED[kind]])
def test_nothing_is_written_while_a_fact_is_missing(kind: MessageKind, field: str) -> None:
    for facts in (sample(kind) | {field: " "}, {k: v for k, v in sample(kind).items() if k != field}):
        with pytest.raises(Unrenderable, match=field):
            TEXTS.render(kind, "de", facts)


@every_message
def test_a_planned_message_has_every_fact_that_the_law_asks_for(
    kind: MessageKind, language: Language
) -> None:
    text = written(kind, language)
    assert RECEIPT.receipt_number in text
    assert "Reisegewerbe Erlaubnis" in text
    assert (
        "12 January 2026, 10:30 (CET)" if language == "en" else "12. Januar 2026, 10:30 Uhr (MEZ)"
    ) in text


def test_the_confirmation_says_what_paragraph_71b_asks_for() -> None:
    """Day of receipt, period, what starts it, consequence of its expiry, remedies; golden example of 12 January 2026."""
    text = written("acknowledgement")
    assert "Frist der Behörde: 3 Monate; sie endet am 15. April 2026" in text
    assert "gilt am 15. Januar 2026 als bei der Behörde eingegangen" in text
    assert "gilt die Genehmigung ab 16. April 2026 als erteilt" in text
    assert "Rechtsbehelfe: Widerspruch innerhalb eines Monats nach Bekanntgabe" in text
    assert "Magistrat der Universitätsstadt Gießen, Gießen" in text
    assert "Rechtsgrundlage: § 71b Abs. 3 VwVfG" in text


def test_a_confirmation_counts_from_the_supplements_and_names_no_day_while_documents_are_missing() -> None:
    asked = Progress(asked_at=RECEIVED_AT)
    supplied = replace(asked, supplied_at=RECEIVED_AT, supplied_on=date(2026, 3, 10)).written()
    assert "sie endet am 15. Juni 2026" in written("acknowledgement", facts=supplied)
    assert "sobald alle Unterlagen vorliegen" in written("acknowledgement", "de", facts=asked.written())


@pytest.mark.parametrize(
    ("authority", "service", "remedy"),
    [
        ("g-06531005", "99099002006000", "Klage innerhalb eines Monats nach Bekanntgabe der Entscheidung beim Verwaltungsgericht Gießen"),
        ("rp-065", "99050023005000", "Klage innerhalb eines Monats nach Bekanntgabe der Entscheidung beim Verwaltungsgericht Gießen"),
        ("ihk-fulda", "99050023005000", "Widerspruch innerhalb eines Monats"),
        ("g-06531005", "99050012104000", "keine, denn es folgt keine Entscheidung"),
    ],
)  # fmt: skip
def test_the_remedy_is_that_of_procedure_and_district(authority: str, service: str, remedy: str) -> None:
    assert f"Rechtsbehelfe: {remedy}" in written("acknowledgement", service=service, authority=authority)


def test_a_service_whose_profile_nobody_knows_gets_no_confirmation_with_an_invented_period() -> None:
    with pytest.raises(Unrenderable, match="period"):
        written("acknowledgement", service="99999999999999")


@every_message
def test_without_the_name_of_a_sensitive_service_a_message_still_reads_well(
    kind: MessageKind, language: Language
) -> None:
    text = written(kind, language, replace(NAMES, service=None))
    assert not re.search(r"None| [.:)]|\( |\n\n\n", text)


def test_an_authority_that_has_no_name_is_ours_to_mend() -> None:
    with pytest.raises(Unrenderable, match="authority"):
        written("forwarded", names=Names(service=None, authority=None))


@every_message
def test_a_page_is_accessible(kind: MessageKind, language: Language) -> None:
    shown = Outline(TEXTS.render(kind, language, sample(kind)).html)
    assert shown.lang == language
    assert [tag for tag in shown.tags if re.fullmatch("h[1-6]", tag)] == ["h1"]
    assert not {"table", "img", "a", "script", "link", "iframe"} & set(shown.tags)


@every_message
def test_a_subject_says_nothing_of_the_content(kind: MessageKind, language: Language) -> None:
    words = TEXTS.render(kind, language, sample(kind))
    assert words.subject.splitlines() == [words.subject]
    for field, value in sample(kind).items():
        assert field == "receipt_number" or value not in words.subject


@every_message
def test_plain_german_has_short_sentences(kind: MessageKind, language: Language) -> None:
    text = written(kind, language)
    law = ("Reisegewerbe", "§", "Magistrat")  # official names are no sentences of ours
    said = [line for line in text.splitlines() if not any(name in line for name in law)]
    longest = max(len(sentence.split()) for line in said for sentence in re.split(r"[.!?:]", line))
    assert longest <= (17 if language == "de-simple" else 35)


def test_a_fact_of_another_message_is_refused() -> None:
    with pytest.raises(Unrenderable, match="missing is no fact"):
        TEXTS.render("receipt", "de", sample("receipt") | {"missing": "alles"})


@given(st.text("<>&\"'{}%$abc\r\n:/.@", max_size=30))
def test_no_value_becomes_markup_a_link_or_a_line(text: str) -> None:
    plain = Outline(TEXTS.render("incomplete", "de", sample("incomplete")).html)
    with suppress(Unrenderable):
        words = TEXTS.render("incomplete", "de", sample("incomplete") | {"missing": text})
        assert Outline(words.html).tags == plain.tags
        assert not re.search(r"://|www\.|@", words.text)
        assert "\r" not in words.text


@pytest.mark.parametrize(
    "value", ["A\r\nBcc: x", "A\nB", "A\u2028B", "http://evil", "www.evil.example", "a@b.example"]
)
def test_a_value_that_could_do_harm_is_refused(value: str) -> None:
    with pytest.raises(Unrenderable, match="receipt_number"):
        written("forwarded", receipt_number=value)


def test_a_missing_version_of_the_texts_is_an_error() -> None:
    with pytest.raises(Unrenderable, match="no version v0"):
        written("forwarded", templates="v0")


def test_the_preview_shows_every_message_in_every_language_and_each_wording_once() -> None:
    shown = {kind: list(wordings(kind)) for kind in KINDS}
    for kind, words in shown.items():
        assert {each.language for _, each in words} == {*LANGUAGES}, kind
        assert len({each.text for _, each in words}) == len(words), kind
    assert Outline(page()).tags.count("iframe") == sum(map(len, shown.values()))
    assert {"three-months-deemed-entry", "six-months-inaction"} <= {p for p, _ in shown["acknowledgement"]}


def test_what_the_preview_says_in_english_is_english_but_for_official_names() -> None:
    for kind in KINDS:
        for _, words in wordings(kind):
            if words.language == "en":
                assert not re.search(
                    r"Monat|Januar\b|Antrag|\bdas Amt\b|Behörde|\bnur\b|\bgilt\b", words.text
                ), kind


def test_every_version_knows_every_message_in_every_language() -> None:
    for texts in read_texts().values():
        for kind in KINDS:
            for language in LANGUAGES:
                assert isinstance(message(kind, language=language), ApplicantMessage)
                assert texts.render(kind, language, sample(kind)).language == language


@pytest.mark.parametrize(
    ("language", "day"),
    [
        ("de", "nach Bekanntgabe dieser Bescheinigung bei"),
        ("de-simple", "nachdem Sie dieses Schreiben bekommen haben"),
        ("en", "the announcement of this certificate"),
    ],
)
def test_the_month_against_what_silence_approved_begins_with_the_certificate(
    language: Language, day: str
) -> None:
    """§ 37 Abs. 6 VwVfG, § 58 VwGO: no decision was announced from which it could count."""
    assert day in written("certificate", language)
    assert day not in written("acknowledgement", language)
    assert day not in written("certificate", language, templates="v2")


def test_a_certificate_instructs_with_body_and_seat_or_is_not_written() -> None:
    nowhere = replace(NAMES, sits_in=None)
    assert NAMES.authority is not None
    assert NAMES.authority in written("acknowledgement", names=nowhere)
    with pytest.raises(Unrenderable, match="remedies"):
        written("certificate", names=nowhere)
    with pytest.raises(Unrenderable, match="remedies"):  # an action, of which no court is known
        written("certificate", names=nowhere, authority="rp-064")


def test_an_older_message_keeps_its_words() -> None:
    texts = [read_texts()[version] for version in ("v1", "v2")]
    former, current = (each.render("extension", "de-simple", sample("extension")).text for each in texts)
    assert "Das Amt darf sich einmal mehr Zeit nehmen." in former
    assert "Es darf die Zeit dafür einmal verlängern." in current
