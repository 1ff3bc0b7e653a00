"""A request for a token (RFC 6749 sections 2.3 and 4.4, RFC 7523 section 2.2), read from its bytes."""

import binascii
from base64 import b64decode
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qsl, unquote_plus

from services.intake.domain.client import BadClaim, Bearer

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MOST_PARAMETERS: Final = 20

TokenError = Literal[
    "invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope", "invalid_target"
]


@dataclass(frozen=True, slots=True)
class Denied:
    """Why there is no token (RFC 6749 section 5.2); ``challenge``: the client used HTTP Basic.

    ``wrong``: the invalid claim, header or parameter, if there is one, and what was expected.
    """

    error: TokenError
    challenge: bool = False
    wrong: BadClaim | None = None


@dataclass(frozen=True, slots=True)
class SecretShown:
    """The client presents its secret, in the Basic header or in the form."""

    client_id: str
    secret: str
    basic: bool


@dataclass(frozen=True, slots=True)
class AssertionShown:
    """The client presents a JWT that it signed (private_key_jwt)."""

    jwt: str
    client_id: str | None


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A well-formed request: the client's credentials, the scopes, and the service (``resource``, RFC 8707)."""

    credentials: SecretShown | AssertionShown
    scope: str | None
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """An access token for this bearer."""

    token: str
    bearer: Bearer


def read_token_request(body: bytes, *, authorization: str | None) -> TokenRequest | Denied:
    """Read a form-encoded body and the ``Authorization`` header; exactly one way to authenticate is allowed."""
    read = _form(body)
    if read is None or "grant_type" not in read[0]:
        return Denied("invalid_request")
    form, resources = read
    if form["grant_type"] != "client_credentials":
        return Denied("unsupported_grant_type")
    ways = (authorization is not None, "client_secret" in form, "client_assertion" in form)
    if sum(ways) > 1:
        return Denied("invalid_request", wrong=BadClaim("client authentication", "one way of the three"))
    if authorization is not None:
        shown = _basic(authorization)
        credentials: SecretShown | AssertionShown | Denied = shown or Denied("invalid_client", challenge=True)
    else:
        credentials = _in_form(form)
    if isinstance(credentials, Denied):
        return credentials
    if isinstance(credentials, SecretShown) and form.get("client_id") not in (None, credentials.client_id):
        return Denied("invalid_request", wrong=BadClaim("client_id", "that of the Basic header, or none"))
    return TokenRequest(credentials, form.get("scope"), resources)


def _form(body: bytes) -> tuple[dict[str, str], tuple[str, ...]] | None:
    """The parameters, and every ``resource``, the only one that may be repeated (RFC 8707 section 2).

    A parameter without a value counts as absent (RFC 6749 section 3.2).
    """
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS, errors="strict"
        )
    except (UnicodeDecodeError, ValueError):
        return None
    single = [(name, value) for name, value in pairs if name != "resource"]
    form = dict(single)
    if len(form) != len(single):
        return None  # a repeated parameter is ambiguous
    resources = tuple(value for name, value in pairs if name == "resource" and value)
    return {name: value for name, value in form.items() if value}, resources


def _in_form(form: dict[str, str]) -> SecretShown | AssertionShown | Denied:
    if "client_assertion" in form:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            return Denied("invalid_request", wrong=BadClaim("client_assertion_type", ASSERTION_TYPE))
        return AssertionShown(form["client_assertion"], form.get("client_id"))
    if "client_secret" in form and "client_id" in form:
        return SecretShown(form["client_id"], form["client_secret"], basic=False)
    return Denied("invalid_client")


def _basic(authorization: str) -> SecretShown | None:
    scheme, _, encoded = authorization.partition(" ")
    try:
        client_id, colon, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    if scheme.lower() != "basic" or not colon:
        return None
    return SecretShown(unquote_plus(client_id), unquote_plus(secret), basic=True)
