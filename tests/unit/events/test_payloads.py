"""What a payload refuses beyond its types: combinations that would say two things, or nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.events.case import AnswerGiven
from shared.events.competence import Place
from shared.events.payload import Sealed
from shared.events.supplement import SupplementReceived
from tests.support.events import RECEIPT, RECEIVED_AT


@pytest.mark.parametrize("place", [{"ags": "06531005"}, {"ars": "065"}, {"plz": "35390"}])
def test_a_place_is_named_by_one_key(place: dict[str, str]) -> None:
    assert Place.model_validate(place).model_dump(exclude_none=True) == place


@pytest.mark.parametrize("place", [{}, {"ags": "06531005", "plz": "35390"}, {"town": "Gießen"}])
def test_a_place_with_no_key_or_two_is_refused(place: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="exactly one of ars, ags and plz is expected"):
        Place.model_validate(place)


def test_a_town_beside_a_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="a town needs its postcode"):
        Place(ags="06531005", town="Gießen")


@pytest.mark.parametrize("answer", [{"kind": "decided"}, {"kind": "accepted", "outcome": "granted"}])
def test_an_outcome_stands_with_a_decision_and_only_there(answer: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="outcome: given with kind decided, and only then"):
        AnswerGiven.model_validate({**answer, "givenAt": RECEIVED_AT})


@given(piece=st.text(min_size=1, max_size=20))
def test_a_large_ciphertext_is_written_apart_and_reads_as_if_it_were_not(piece: str) -> None:
    sealed = Sealed(protected="e30", recipients=(), iv=piece, ciphertext=piece * 20_000, tag="t")
    payload = SupplementReceived(receipt=RECEIPT, content=sealed)
    assert payload.to_json() == payload.model_dump_json(by_alias=True, exclude_none=True).encode()
