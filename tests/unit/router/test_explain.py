import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings

from services.router.domain.decision.explain import explain_de
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
    assert explain_de(decision, directory=hessen()) == f"{text} Verzeichnis {hessen().version[:12]}."


def test_the_text_says_on_whose_behalf_somebody_acts() -> None:
    directory = with_agreements("five-cities")
    text = explain_de(ask(directory, DOGS, Place(ags="06534014")), directory=directory)
    assert "zuständig: Magistrat der Stadt Wetzlar." in text
    assert "handelt aufgrund einer Vereinbarung für: Magistrat der Stadt Marburg." in text


def test_the_text_of_a_parked_unverified_answer_names_the_only_candidate() -> None:
    inquiry = Inquiry(service="99036008007000", place=Place(ags="06531005"), on=date(2026, 3, 1))
    text = explain_de(resolve(inquiry, directory=hessen(), unverified="park"), directory=hessen())
    assert "noch nicht geprüft. In Betracht kommt: Kreisausschuss des Landkreises Gießen." in text


@settings(deadline=None)
@given(INQUIRIES)
def test_every_decision_can_be_put_into_words(inquiry: Inquiry) -> None:
    text = explain_de(resolve(inquiry, directory=hessen()), directory=hessen())
    assert text.startswith("Für ")
    assert "None" not in text
