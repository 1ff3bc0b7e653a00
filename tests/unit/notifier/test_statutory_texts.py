"""Every message under every legal profile in every language: whole, true for that profile, and easy to read."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Final

import pytest

from amtsweg.templates import occurs
from services.notifier.domain.deadlines.law import LegalProfile
from services.notifier.domain.period import Extension, Progress
from services.notifier.domain.rendering import Words
from shared.events.notification import MessageKind
from shared.events.submission import Language
from tests.support.events import RECEIVED_AT
from tests.support.law import hessian_law
from tests.support.mails import KINDS, LANGUAGES, NAMES, WRITER, message

pytestmark = pytest.mark.slow

LAW = hessian_law()
ON = date(2026, 1, 12)
ASKED = Progress(asked_at=RECEIVED_AT).written() | {"items": "2"}
EXTENDED = Progress(extensions=frozenset({Extension(at=RECEIVED_AT, on=ON, months=1)})).written()

SAID: Final[Mapping[MessageKind, tuple[str, ...]]] = {
    "receipt": ("Nummer", "Eingegangen bei der einheitlichen Stelle"),  # Art. 6 SDG
    "clearing": ("Eingegangen bei der einheitlichen Stelle", "keine Entscheidung"),
    "forwarded": ("Zuständige Behörde", "Für Ihre eigenen Fristen zählt der Tag"),  # § 71b Abs. 2
    # § 71b Abs. 3 VwVfG: day of receipt, period, what starts it, what follows from its expiry, remedies
    "acknowledgement": (
        "Eingegangen bei der einheitlichen Stelle",
        "Zuständige Behörde",
        "Frist der Behörde",
        "Voraussetzung für den Beginn der Frist",
        "Rechtsfolge des Fristablaufs",
        "Rechtsbehelfe",
    ),
    "status": ("Stand:", "§ 71d VwVfG"),
    "incomplete": ("Es fehlen", "Zuständige Behörde", "§ 71b Absatz 4 VwVfG"),
    "supplement": ("Nachgereicht am", "bei der einheitlichen Stelle eingegangen (§ 71b Absatz 4 VwVfG)"),
    "unreadable": ("Technische Anforderungen", "§ 3a Absatz 4 VwVfG"),
    # § 42a Abs. 2 VwVfG, or what the law of the procedure says in its place
    "extension": ("Neues Ende der Frist", "Begründung", "Rechtsgrundlage"),
    "decision": (
        "Wo Sie das Schriftstück finden",
        "nur ein Hinweis",
    ),  # § 9 OZG: a pointer, never the decision
    "deemed-approval": ("Gilt ab", "Rechtsgrundlage", "§ 42a Absatz 3 VwVfG"),
    "certificate": ("Gilt ab", "Rechtsgrundlage", "Rechtsbehelfe"),  # § 42a Abs. 3, § 37 Abs. 6
    "trade-certificate": ("Wo Sie das Schriftstück finden", "§ 15 Absatz 1 GewO"),
    # Art. 6 SDG; what a refusal leaves to be done has a period of its own
    "completion": ("Datum", "(EU) 2018/1724", "steht im Schreiben der Behörde"),
}
"""What each kind says by law in the binding language, read from the law and not from the templates."""

TELLING = re.compile(
    r"bewillig|genehmig|erlaub|ablehn|abgelehnt|gewerbe|eintrag|approv|grant|refus|trade|licen", re.IGNORECASE
)


def profiles() -> Iterator[tuple[str, LegalProfile, str]]:
    """Each profile with a service that has it."""
    for service, rows in sorted(LAW.services.items()):
        row = LAW.service(service, on=ON)
        profile = row and LAW.profile(row.profile, on=ON)
        if rows and profile:
            yield profile.name, profile, service


PROFILES: Final = {name: (profile, service) for name, profile, service in profiles()}


COMBINATIONS: Final = [
    (name, kind) for name, (profile, _) in PROFILES.items() for kind in KINDS if occurs(kind, profile)
]
every_combination = pytest.mark.parametrize(("profile", "kind"), COMBINATIONS)


def written(kind: MessageKind, profile: str, language: Language, *, repeated: bool = False) -> Words:
    facts = {"incomplete": ASKED, "extension": EXTENDED}.get(kind, {})
    planned = replace(message(kind, language=language), service=PROFILES[profile][1], facts=facts)
    return WRITER.write(planned, NAMES, repeated=repeated)


def sentences(text: str) -> Iterator[str]:
    """What is said in words of ours: labels and official names are none."""
    for line in text.splitlines():
        if not re.search(r"Reisegewerbe|Magistrat|§|Regulation|Verordnung", line):
            yield from filter(None, (part.strip() for part in re.split(r"[.!?:;]", line)))


def test_every_profile_that_a_service_may_have_is_walked() -> None:
    assert {*PROFILES} == {row.profile for service in LAW.services for row in LAW.services[service]}
    assert {"three-months-deemed-approval", "three-days-confirmation", "notice"} <= {*PROFILES}


@every_combination
def test_a_message_is_whole_in_every_language(profile: str, kind: MessageKind) -> None:
    for language in LANGUAGES:
        words = written(kind, profile, language)
        assert "12" in words.text
        assert "2026" in words.text
        assert "$" not in words.text
        assert not TELLING.search(words.subject), words.subject
        assert len(words.subject) <= 78  # RFC 5322 section 2.1.1


@every_combination
def test_the_binding_text_says_what_the_law_asks_for(profile: str, kind: MessageKind) -> None:
    text = written(kind, profile, "de").text
    assert [said for said in SAID[kind] if said not in text] == []


@pytest.mark.parametrize(
    "profile", sorted(name for name, (law, _) in PROFILES.items() if law.extension == "once")
)
def test_an_extension_names_the_law_of_its_own_procedure(profile: str) -> None:
    law, _ = PROFILES[profile]
    for language in LANGUAGES:
        text = written("extension", profile, language).text
        assert law.legal_basis in text
        assert ("42a" in text) == ("42a" in law.legal_basis)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["decision", "completion"])
def test_nobody_who_may_have_been_refused_reads_that_nothing_is_left_to_do(
    kind: MessageKind, language: Language
) -> None:
    """Both go out with every decision, a refusal included: its remedies have a period."""
    text = written(kind, "three-months-decision", language).text
    assert not re.search(r"müssen nichts|need not do anything", text)


def test_a_notice_is_called_neither_a_registration_nor_an_application_that_is_decided() -> None:
    """The three-days certificate is of a trade's beginning, change and end alike."""
    text = written("trade-certificate", "three-days-confirmation", "de-simple").text
    assert not re.search(r"Anmeldung|entscheidet", text)


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_a_fiction_that_covers_some_applications_only_is_said_so_in_every_language(profile: str) -> None:
    law, key = PROFILES[profile]
    service = LAW.service(key, on=ON)
    if not occurs("acknowledgement", law) or service is None:
        return
    for language, said in (
        ("de", "nicht für jeden"),
        ("de-simple", "nicht für jeden"),
        ("en", "not hold for every"),
    ):
        text = written("acknowledgement", profile, language).text  # type: ignore[arg-type] # one of the literals
        assert (said in text) == (law.deemed != "none" and bool(service.only_for))


@every_combination
def test_plain_german_is_plain(profile: str, kind: MessageKind) -> None:
    said = [len(sentence.split()) for sentence in sentences(written(kind, profile, "de-simple").text)]
    assert max(said) <= 17
    assert sum(said) / len(said) <= 9


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_a_period_waits_for_documents_only_where_the_law_lets_it_wait(profile: str) -> None:
    law, _ = PROFILES[profile]
    waits = (
        "beginnt erst, wenn alle Unterlagen",
        "Erst dann beginnt die Zeit",
        "starts only when all documents",
    )
    runs = ("läuft seit dem Eingang", "läuft schon", "has run since the receipt")
    for language, waiting, running in zip(("de", "de-simple", "en"), waits, runs, strict=True):
        text = written("incomplete", profile, language).text  # type: ignore[arg-type] # one of the literals
        assert (waiting in text) == (law.starts == "complete-documents")
        assert (running in text) == (law.starts == "receipt" and law.length is not None)


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_a_receipt_promises_periods_only_where_the_authority_owes_a_confirmation(profile: str) -> None:
    law, _ = PROFILES[profile]
    text = written("receipt", profile, "de").text
    assert ("mit allen Fristen folgt" in text) == (law.kept_by == "announcement")
    assert ("bescheinigt Ihnen den Empfang" in text) == (law.name == "three-days-confirmation")


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_while_documents_are_missing_a_confirmation_says_what_silence_will_mean_without_a_day(
    profile: str,
) -> None:
    law, service = PROFILES[profile]
    if not occurs("acknowledgement", law):
        return
    planned = replace(message("acknowledgement"), service=service, facts=ASKED)
    text = WRITER.write(planned, NAMES).text
    fiction = {"approval": "gilt die Genehmigung", "entry": "gilt die Eintragung"}.get(law.deemed)
    if fiction is None:
        assert "ersetzt keine Entscheidung" in text
    else:
        assert fiction in text
        assert (
            ("gilt die Genehmigung ab" in text)
            == ("gilt die Eintragung ab" in text)
            == (law.starts == "receipt")
        )


@every_combination
def test_a_message_that_is_offered_again_says_so_in_every_language(profile: str, kind: MessageKind) -> None:
    for language, again in (
        ("de", "schon einmal"),
        ("de-simple", "schon bekommen"),
        ("en", "received it before"),
    ):
        once, twice = (written(kind, profile, language, repeated=each) for each in (False, True))  # type: ignore[arg-type] # one of the literals
        assert again not in once.text
        assert again in twice.text
        assert again in twice.html
