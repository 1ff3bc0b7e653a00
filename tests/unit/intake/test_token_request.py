from base64 import b64encode
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.token_request import (
    ASSERTION_TYPE,
    AssertionShown,
    Denied,
    SecretShown,
    TokenRequest,
    read_token_request,
)

text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def form(**parameters: str) -> bytes:
    return urlencode({"grant_type": "client_credentials"} | parameters).encode()


def basic(client_id: str, secret: str) -> str:
    return "Basic " + b64encode(f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()).decode()


@given(text, text)
def test_a_secret_is_read_from_the_basic_header(client_id: str, secret: str) -> None:
    got = read_token_request(form(), authorization=basic(client_id, secret))
    assert got == TokenRequest(SecretShown(client_id, secret, basic=True), None)


@given(text, text)
def test_a_secret_is_read_from_the_form(client_id: str, secret: str) -> None:
    got = read_token_request(form(client_id=client_id, client_secret=secret, scope="a b"), authorization=None)
    assert got == TokenRequest(SecretShown(client_id, secret, basic=False), "a b")


def test_an_assertion_is_read_from_the_form() -> None:
    got = read_token_request(
        form(client_assertion="a.b.c", client_assertion_type=ASSERTION_TYPE), authorization=None
    )
    assert got == TokenRequest(AssertionShown("a.b.c", None), None)


@pytest.mark.parametrize(
    ("body", "authorization", "error"),
    [
        (b"", None, "invalid_request"),
        (b"grant_type", None, "invalid_request"),
        (b"scope=a", None, "invalid_request"),
        (b"grant_type=client_credentials&scope=a&scope=b", None, "invalid_request"),
        (b"grant_type=client_credentials&scope=%ff", None, "invalid_request"),
        (b"grant_type=password", None, "unsupported_grant_type"),
        (form(), None, "invalid_client"),
        (form(client_id="portal"), None, "invalid_client"),
        (form(client_assertion="a", client_assertion_type="other"), None, "invalid_request"),
        (form(client_id="portal", client_secret="s"), basic("portal", "s"), "invalid_request"),
        (form(client_id="p", client_secret="s", client_assertion="a"), None, "invalid_request"),
    ],
)
def test_a_request_that_is_not_one_of_the_ways_is_denied_with_its_code(
    body: bytes, authorization: str | None, error: str
) -> None:
    got = read_token_request(body, authorization=authorization)
    assert isinstance(got, Denied)
    assert (got.error, got.challenge) == (error, False)


@pytest.mark.parametrize(
    "body",
    [
        b"grant_type=client_credentials&client_id=portal&client_secret=s&",
        b"&&grant_type=client_credentials&&client_id=portal&client_secret=s",
        b"grant_type=client_credentials&client_id=portal&client_secret=s&scope=&client_assertion=",
        b"grant_type=client_credentials&client_id=portal&client_secret=s&scope&unknown=1",
    ],
)
def test_what_has_no_value_counts_as_absent(body: bytes) -> None:
    shown = SecretShown("portal", "s", basic=False)
    assert read_token_request(body, authorization=None) == TokenRequest(shown, None)


def test_only_resource_may_be_repeated() -> None:
    body = form(client_id="portal", client_secret="s") + b"&resource=urn%3Aa&resource=urn%3Ab&resource="
    got = read_token_request(body, authorization=None)
    assert got == TokenRequest(SecretShown("portal", "s", basic=False), None, ("urn:a", "urn:b"))


@pytest.mark.parametrize("authorization", ["Basic !", "Basic YQ==", "Basic /w==", "Bearer YTpi", ""])
def test_a_header_that_is_not_basic_is_challenged(authorization: str) -> None:
    assert read_token_request(form(), authorization=authorization) == Denied("invalid_client", challenge=True)


@given(st.binary(max_size=60), st.none() | st.text(max_size=20))
def test_any_request_is_read_or_denied_without_an_error(body: bytes, authorization: str | None) -> None:
    assert isinstance(read_token_request(body, authorization=authorization), TokenRequest | Denied)
