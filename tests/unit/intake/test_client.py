from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.client import (
    Assertion,
    BadClaim,
    WrongScope,
    WrongTarget,
    granted,
    read_assertion,
)
from shared.access.principal import SCOPES, Principal

NOW = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)
ISSUER = "https://intake.example"
CLIENT = Principal(
    id="portal",
    kind="platform",
    name="Portal",
    scopes=frozenset({"submissions.write", "cases.read"}),
    registered_at=NOW,
)
HEADER = {"alg": "ES256"}


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
    got = read_assertion(HEADER, claims(), issuer=ISSUER, now=NOW)
    assert got == Assertion(client_id="portal", id="1", expires_at=NOW + timedelta(minutes=1))


@pytest.mark.parametrize("header", [{"alg": "EdDSA"}, {"alg": "Ed25519", "typ": "JWT"}, {"alg": "PS256"}])
def test_what_common_libraries_write_into_the_header_is_read(header: dict[str, Any]) -> None:
    assert isinstance(read_assertion(header, claims(aud=[ISSUER]), issuer=ISSUER, now=NOW), Assertion)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"aud": ISSUER + "/token"}, "aud"),
        ({"aud": [ISSUER, "https://other.example"]}, "aud"),
        ({"aud": ...}, "aud"),
        ({"iss": "other"}, "iss"),
        ({"sub": ...}, "sub"),
        ({"sub": ["portal"]}, "sub"),
        ({"jti": ...}, "jti"),
        ({"jti": ""}, "jti"),
        ({"jti": "x" * 256}, "jti"),
        ({"jti": "a\x00"}, "jti"),
        ({"exp": ...}, "exp"),
        ({"exp": "soon"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": float("inf")}, "exp"),
        ({"exp": (NOW - timedelta(minutes=1)).timestamp()}, "exp"),
        ({"exp": (NOW + timedelta(minutes=6)).timestamp()}, "exp"),
        ({"nbf": (NOW + timedelta(minutes=1)).timestamp()}, "nbf"),
        ({"nbf": None}, "nbf"),
    ],
)
def test_a_refusal_names_the_claim_that_is_wrong(changes: dict[str, Any], named: str) -> None:
    refused = read_assertion(HEADER, claims(**changes), issuer=ISSUER, now=NOW)
    assert isinstance(refused, BadClaim)
    assert refused.name == named


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ({}, "alg"),
        ({"alg": "HS256"}, "alg"),
        ({"alg": ["ES256"]}, "alg"),
        ({"alg": "ES256", "typ": "jwt"}, "typ"),
    ],
)
def test_a_refusal_names_the_header_that_is_wrong(header: dict[str, Any], named: str) -> None:
    refused = read_assertion(header, claims(), issuer=ISSUER, now=NOW)
    assert isinstance(refused, BadClaim)
    assert refused.name == named


def test_the_limit_of_exp_is_said() -> None:
    refused = read_assertion(HEADER, claims(exp=NOW.timestamp() + 600), issuer=ISSUER, now=NOW)
    assert isinstance(refused, BadClaim)
    assert "300 seconds" in refused.expected


json_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@given(st.dictionaries(st.sampled_from(["iss", "sub", "aud", "jti", "exp", "nbf"]), json_scalars))
def test_any_claims_are_read_or_refused_without_an_error(changes: dict[str, Any]) -> None:
    got = read_assertion(HEADER, claims() | changes, issuer=ISSUER, now=NOW)
    assert isinstance(got, BadClaim) or got.client_id == claims(**changes)["sub"]


def ask(
    scope: str | None = None, *resources: str, principal: Principal = CLIENT
) -> tuple[str, frozenset[str]] | WrongScope | WrongTarget:
    return granted(principal, scope=scope, resources=resources)


def test_without_a_wish_the_token_has_all_scopes_of_the_client() -> None:
    assert ask() == ask("") == ("intake", CLIENT.scopes)


def test_a_token_can_be_asked_for_with_fewer_scopes() -> None:
    assert ask("cases.read") == ("intake", frozenset({"cases.read"}))


@pytest.mark.parametrize("scope", ["cases.read audit.look", "cases.read nothing", "nothing", "cases.read  "])
def test_a_scope_that_the_client_does_not_have_is_not_granted(scope: str) -> None:
    assert ask(scope) == WrongScope()


@pytest.mark.parametrize("scope", [scope for scope, service in SCOPES.items() if service == "audit"])
def test_nobody_gets_a_token_for_the_log(scope: str) -> None:
    auditor = replace(CLIENT, kind="auditor", scopes=frozenset({scope}))
    assert ask(principal=auditor) == ask(scope, principal=auditor) == WrongScope()
    assert ask(None, "urn:amtsweg:audit", principal=auditor) == WrongTarget()


def test_a_token_is_for_one_service() -> None:
    both = replace(CLIENT, scopes=CLIENT.scopes | {"desk"})

    assert ask(principal=both) == ask("desk cases.read", principal=both) == WrongScope()
    assert ask("desk", principal=both) == ("desk", frozenset({"desk"}))
    assert ask(None, "urn:amtsweg:desk", principal=both) == ("desk", frozenset({"desk"}))
    assert ask(None, "urn:amtsweg:intake", principal=both) == ("intake", CLIENT.scopes)


def test_a_resource_is_the_service_that_the_scopes_open() -> None:
    twice = "urn:amtsweg:intake"
    assert ask("cases.read", twice, twice) == ("intake", frozenset({"cases.read"}))
    assert ask("cases.read", "urn:amtsweg:desk") == WrongTarget()
    assert ask(None, "urn:amtsweg:intake", "urn:amtsweg:desk") == WrongTarget()
    assert ask(None, "https://intake.example") == WrongTarget()
