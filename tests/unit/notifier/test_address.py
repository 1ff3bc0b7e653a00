import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.address import Unusable, address_of


def contact(email: object) -> bytes:
    return json.dumps({"email": email, "name": "Erika Mustermann"}).encode()


@pytest.mark.parametrize(
    ("given_email", "expected"),
    [
        ("erika@example.org", "erika@example.org"),
        ("erika+antrag_1@sub.example.org", "erika+antrag_1@sub.example.org"),
        ("erika@gießen.example", "erika@xn--gieen-nqa.example"),
        ("erika@xn--gieen-nqa.example", "erika@xn--gieen-nqa.example"),
        ("erika@Straße.de", "erika@xn--strae-oqa.de"),
        ("erika@faß.de", "erika@xn--fa-hia.de"),
        ("erika@fass.de", "erika@fass.de"),
        ("erika@müller.de", "erika@xn--mller-kva.de"),
        ("erika@κλαρα-σωλις.ευ", "erika@xn----ylba7abgd9bnh0e.xn--qxa6a"),
        ("erika@EXAMPLE.org", "erika@example.org"),
        ("erika@exam\u00adple.org", "erika@example.org"),
        (" erika@example.org\u00a0", "erika@example.org"),
        ("\u200berika@example.org\ufeff", "erika@example.org"),
        ("erika@localhost", "erika@localhost"),
        ("erika@under_score.example", "erika@under_score.example"),
        ("erika@ab--cd.example", "erika@ab--cd.example"),
    ],
)
def test_a_usable_address_is_taken(given_email: str, expected: str) -> None:
    assert address_of(contact(given_email)) == expected


@pytest.mark.parametrize(
    "email",
    [
        "erika",
        "@example.org",
        "erika@",
        "erika@example.org\r\nBcc: other@example.org",
        "erika@example.org\n",
        "erika mustermann@example.org",
        "<erika@example.org>",
        "erika@example.org,other@example.org",
        "ërika@example.org",
        "erika@exa..mple.org",
        "erika@-example.org",
        "e" * 65 + "@example.org",
        "e@" + ".".join(["example"] * 40),
        "erika@xn--.de",
        "erika@xn--fa-hia\u0001.de",
        "erika@xn--ab-",
        "erika@example.org.",
        "erika@127.0.0.1",
        "eri\u200bka@example.org",
        12,
        None,
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(email: object) -> None:
    with pytest.raises(Unusable) as refused:
        address_of(contact(email))
    assert "erika" not in str(refused.value)


@pytest.mark.parametrize("document", [b"", b"{", b"[]", b"{}", b'"erika@example.org"', b"\xff"])
def test_what_is_no_contact_is_refused(document: bytes) -> None:
    with pytest.raises(Unusable):
        address_of(document)


@given(st.text())
def test_an_address_never_holds_what_could_end_a_header(text: str) -> None:
    try:
        address = address_of(contact(text))
    except Unusable:
        return
    assert address.isascii()
    assert address.isprintable()
    assert not set(address) & set(' \t\r\n<>,;:"\\')
