from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.client import Assertion, Client, audience, granted, read_assertion

NOW = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)
ISSUER = "https://intake.example"
CLIENT = Client(id="portal", name="Portal", scopes=frozenset({"submissions.write", "cases.read"}))


def claims(**changes: Any) -> dict[str, Any]:
    whole = {
        "iss": "portal",
        "sub": "portal",
        "aud": ISSUER,
        "jti": "1",
        "exp": (NOW + timedelta(minutes=1)).timestamp(),
    } | changes
    return {name: value for name, value in whole.items() if value is not ...}


def test_an_assertion_for_us_alone_is_read() -> None:
    got = read_assertion(claims(), issuer=ISSUER, now=NOW)
    assert got == Assertion(client_id="portal", id="1", expires_at=NOW + timedelta(minutes=1))


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ISSUER + "/token"},
        {"aud": [ISSUER, "https://other.example"]},
        {"aud": ...},
        {"iss": "other"},
        {"sub": ...},
        {"jti": ...},
        {"jti": ""},
        {"jti": "x" * 256},
        {"jti": "a\x00"},
        {"exp": ...},
        {"exp": "soon"},
        {"exp": True},
        {"exp": float("inf")},
        {"exp": (NOW - timedelta(minutes=1)).timestamp()},
        {"exp": (NOW + timedelta(minutes=6)).timestamp()},
        {"nbf": (NOW + timedelta(minutes=1)).timestamp()},
        {"nbf": None},
    ],
)
def test_an_assertion_that_is_not_fresh_ours_and_identified_is_refused(changes: dict[str, Any]) -> None:
    assert read_assertion(claims(**changes), issuer=ISSUER, now=NOW) is None


json_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@given(st.dictionaries(st.sampled_from(["iss", "sub", "aud", "jti", "exp", "nbf"]), json_scalars))
def test_any_claims_are_read_or_refused_without_an_error(changes: dict[str, Any]) -> None:
    got = read_assertion(claims() | changes, issuer=ISSUER, now=NOW)
    assert got is None or got.client_id == claims(**changes)["sub"]


def test_without_a_wish_the_token_has_all_scopes_of_the_client() -> None:
    assert granted(CLIENT, asked=None) == granted(CLIENT, asked="") == CLIENT.scopes


def test_a_token_can_be_asked_for_with_fewer_scopes() -> None:
    assert granted(CLIENT, asked="cases.read") == frozenset({"cases.read"})


def test_a_scope_that_the_client_does_not_have_is_not_granted() -> None:
    assert granted(CLIENT, asked="cases.read audit") is None


def test_a_token_is_for_one_service() -> None:
    both = Client(id="both", name="Both", scopes=CLIENT.scopes | {"desk"})

    assert granted(both, asked=None) is granted(both, asked="desk cases.read") is None
    assert granted(both, asked="desk") == frozenset({"desk"})
    assert (audience(CLIENT.scopes), audience(frozenset({"desk"}))) == ("intake", "desk")
