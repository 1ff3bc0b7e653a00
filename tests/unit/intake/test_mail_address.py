"""An applicant's mail address: taken as mail can be sent to it, or refused while the sender can still correct it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.submission import Contact, Faulty, HandedIn, read
from tests.unit.intake.test_submission import LIMIT, body


@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("gießen.example", "xn--gieen-nqa.example"),
        ("straße.de", "xn--strae-oqa.de"),
        ("faß.de", "xn--fa-hia.de"),
        ("müller.de", "xn--mller-kva.de"),
        ("κλαρα-σωλις.ευ", "xn----ylba7abgd9bnh0e.xn--qxa6a"),
        ("xn--fa-hia.de", "xn--fa-hia.de"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("Example.ORG", "Example.ORG"),
        ("under_score.example", "under_score.example"),
    ],
)
def test_a_domain_is_the_one_that_is_registered_today(domain: str, registered: str) -> None:
    got = read(body(contact={"email": f"erika@{domain}"}), max_content=LIMIT)
    assert isinstance(got, HandedIn)
    assert got.submission.contact == Contact(email=f"erika@{registered}")


@pytest.mark.parametrize(
    "domain",
    [
        "\u2615.example", "xn--a.example", "-ä.example", "ä..example", "a\u0301\u200d.example", "example.org.",
        "gießen.example.", "example..org", ".example.org", "-example.org", "example.org:25", "example.org/", "(x)example.org",
        "[127.0.0.1]", "127.0.0.1", "example.1", "[IPv6:::1]", "b" * 64 + ".example", ".".join(["ü" * 6] * 30),
    ],
)  # fmt: skip
def test_a_domain_that_nobody_can_have_is_refused_in_words(domain: str) -> None:
    got = read(body(contact={"email": f"erika@{domain}"}), max_content=LIMIT)
    assert got == Faulty((("contact.email", "domain-unknown"),))


@pytest.mark.parametrize(
    "email",
    [
        "ërika@example.org", '"erika"@example.org', "<erika@example.org>", "mailto:erika@example.org", "erika(x)@example.org",
        "erika@x@example.org", "erika@", "@example.org", "e" * 65 + "@example.org", "erika@example.org,x@example.org",
        "erika@example.org\r\nBcc: x@example.org",
    ],
)  # fmt: skip
def test_an_unreachable_mail_address_is_refused_while_the_sender_can_correct_it(email: str) -> None:
    got = read(body(contact={"email": email}), max_content=LIMIT)
    assert got == Faulty((("contact.email", "malformed"),))


@pytest.mark.parametrize(
    "domain", [".".join(["b" * 60] * 4)[:230] + ".org", "ab--cd.example", "under_score.example"]
)
def test_an_unusual_domain_is_taken(domain: str) -> None:
    got = read(body(contact={"email": f"erika@{domain}"}), max_content=LIMIT)
    assert isinstance(got, HandedIn)


@given(st.text(max_size=60))
def test_no_address_is_ever_rewritten_by_the_rules_of_2003(domain: str) -> None:
    got = read(body(contact={"email": f"a@x{domain}.example"}), max_content=LIMIT)
    if isinstance(got, HandedIn) and got.submission.contact:
        email = got.submission.contact.email or ""
        assert email.isascii() or not email.rpartition("@")[2].isascii()
        if "ß" in domain:
            assert "xn--" in email
