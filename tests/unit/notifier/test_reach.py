"""What a contact says beside an e-mail address."""

import json

import pytest

from services.notifier.domain.address import Unusable
from services.notifier.domain.reach import Addressee, addressee_of, mailbox_of

ADDRESS = {"street": "Südanlage 5", "postalCode": "35390", "town": "Gießen"}


def contact(**members: object) -> bytes:
    return json.dumps(members).encode()


def test_the_lines_of_a_letter_run_from_the_name_to_the_town() -> None:
    got = addressee_of(contact(name="Erika Mustermann", address=ADDRESS | {"extra": "c/o Weber"}))
    assert got == Addressee(("Erika Mustermann", "c/o Weber", "Südanlage 5", "35390 Gießen"))


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        (
            {"street": "5 rue Cler", "postalCode": "75007", "town": "Paris", "country": "FR"},
            ("75007 Paris", "FRANKREICH"),
        ),
        (
            {"street": "10 High St", "town": "LONDON SW1A 2AA", "country": "GB"},
            ("LONDON SW1A 2AA", "VEREINIGTES KÖNIGREICH"),
        ),
        (ADDRESS | {"country": "DE"}, ("35390 Gießen",)),
    ],
)
def test_a_letter_to_another_country_names_it_in_the_last_line(
    given: dict[str, str], lines: tuple[str, ...]
) -> None:
    got = addressee_of(contact(name="Erika Mustermann", address=given))
    assert got == Addressee(("Erika Mustermann", given["street"], *lines))


def test_a_letter_to_a_country_that_nobody_knows_is_not_sent_to_germany() -> None:
    with pytest.raises(Unusable):
        addressee_of(contact(name="Erika", address=ADDRESS | {"country": "XX"}))


@pytest.mark.parametrize("text", ["李小龙", "A\x9fB", "🏠"])
def test_no_letter_goes_to_a_name_or_a_street_that_it_cannot_show(text: str) -> None:
    for shown in (contact(name=text, address=ADDRESS), contact(name="E", address=ADDRESS | {"street": text})):
        with pytest.raises(Unusable):
            addressee_of(shown)


def test_a_mailbox_is_what_the_platform_calls_it() -> None:
    assert mailbox_of(contact(mailbox="p-17", email="a@example.org")) == "p-17"


@pytest.mark.parametrize("members", [{}, {"name": "Erika"}, {"address": ADDRESS}, {"address": 7}])
def test_without_a_name_and_an_address_there_is_no_letter_and_no_word_about_the_person(
    members: dict[str, object],
) -> None:
    with pytest.raises(Unusable) as refused:
        addressee_of(contact(**members))
    assert "Erika" not in str(refused.value)


def test_without_a_mailbox_there_is_no_notice() -> None:
    with pytest.raises(Unusable):
        mailbox_of(contact(email="a@example.org"))
