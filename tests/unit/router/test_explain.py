import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings

from services.router.domain.decision.explain import explain
from services.router.domain.decision.inquiry import read_inquiry
from shared.events.competence import Inquiry, Place
from tests.support.directories import DOGS, GOLDEN, ask, with_agreements
from tests.support.routing import hessen, resolve
from tests.unit.router.test_resolve_properties import INQUIRIES


def sentences() -> Iterator[Any]:
    for line in (GOLDEN / "explanations.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        yield pytest.param(case["inquiry"], case["text"], id=case["text"][:60])


@pytest.mark.parametrize(("fields", "text"), list(sentences()))
def test_a_decision_reads_as_a_clerk_would_write_it(fields: dict[str, object], text: str) -> None:
    decision = resolve(read_inquiry(fields, today=date(2026, 1, 1)), directory=hessen())
    assert explain(decision, directory=hessen()) == f"{text} Verzeichnis {hessen().version[:12]}."


def test_the_text_names_the_authority_on_whose_behalf_another_acts() -> None:
    directory = with_agreements("five-cities")
    text = explain(ask(directory, DOGS, Place(ags="06534014")), directory=directory)
    assert "zuständig: Magistrat der Stadt Wetzlar." in text
    assert "handelt aufgrund einer Vereinbarung für: Magistrat der Stadt Marburg." in text


def test_the_text_of_a_parked_unverified_answer_names_the_only_candidate() -> None:
    inquiry = Inquiry(service="99036008007000", place=Place(ags="06531005"), on=date(2026, 3, 1))
    text = explain(resolve(inquiry, directory=hessen(), unverified="park"), directory=hessen())
    assert "noch nicht geprüft. In Betracht kommt: Kreisausschuss des Landkreises Gießen." in text


def test_in_english_names_and_paragraphs_stay_and_everything_else_is_english() -> None:
    inquiry = Inquiry(service="99050012104000", place=Place(plz="34127"), on=date(2026, 3, 1))
    text = explain(resolve(inquiry, directory=hessen()), directory=hessen(), language="en")
    assert text.startswith(
        "For “Gewerbe Anmeldung” (99050012104000) in 34127 (Kassel, Fuldatal) the application"
    )
    assert "goes to the clearing desk on 1 March 2026: The place is not precise enough." in text


@settings(deadline=None)
@given(INQUIRIES)
def test_every_decision_can_be_put_into_english(inquiry: Inquiry) -> None:
    text = explain(resolve(inquiry, directory=hessen()), directory=hessen(), language="en")
    assert text.startswith("For ")
    assert "None" not in text
    ours = re.sub("“[^”]*”", "", text)  # official names stay German
    assert not re.search(r"\b(zuständig|Grundlage|Verzeichnis|Schlüssel|Postleitzahl)\b", ours)


@settings(deadline=None)
@given(INQUIRIES)
def test_every_decision_can_be_put_into_words(inquiry: Inquiry) -> None:
    text = explain(resolve(inquiry, directory=hessen()), directory=hessen())
    assert text.startswith("Für ")
    assert "None" not in text
