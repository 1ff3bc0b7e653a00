import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.cases.assignment_reason import (
    LONGEST,
    BadAssignmentReason,
    read_assignment_reason,
)


@pytest.mark.parametrize(
    "text",
    [
        "Standort liegt auf der Gemeindegrenze",
        "PLZ 35390, Ortsteil Wieseck; ARS 065310005005, AGS 06531005",
        "seit 01.01.2026 zuständig nach § 3 Abs. 1 Nr. 2 BauAufsichtsVO (Leistung 99050012104000)",
        "Stadt und Kreis haben sich am 12.3. geeinigt",
    ],
)
def test_words_about_the_competence_are_taken(text: str) -> None:
    assert read_assignment_reason(f" {text} ") == text


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("laut erika@example.org", "e-mail"),
        ("Frau Mustermann wohnt jetzt dort", "form of address"),
        ("nach Rücksprache mit Herrn Müller", "form of address"),
        ("Familie Schmidt zieht um", "form of address"),
        ("Rückruf 0641 3060", "telephone"),
        ("Rückruf +49 641 306", "telephone"),
        ("DE02 1203 0000 0000 2020 51", "account"),
        ("Steuernummer 02681508152", "long number"),
        ("Kennzeichen 123456", "long number"),
    ],
)
def test_words_about_people_are_refused_and_not_repeated(text: str, what: str) -> None:
    with pytest.raises(BadAssignmentReason) as refused:
        read_assignment_reason(text)
    assert what in refused.value.en
    assert text not in refused.value.de + refused.value.en


@pytest.mark.parametrize("text", ["", "  ", "x" * (LONGEST + 1), "zwei\nZeilen", "mit\x00Null"])
def test_words_have_a_length_and_stand_on_one_line(text: str) -> None:
    with pytest.raises(BadAssignmentReason, match="1 bis 200 Zeichen"):
        read_assignment_reason(text)


@given(st.text())
def test_any_text_is_taken_trimmed_or_refused(text: str) -> None:
    try:
        taken = read_assignment_reason(text)
    except BadAssignmentReason:
        return
    assert taken == text.strip()
    assert taken.isprintable()
    assert 1 <= len(taken) <= LONGEST
