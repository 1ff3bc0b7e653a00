"""What a client must present to authenticate, and what its token is for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from shared.access.principal import EXCHANGED, Audience, Principal, audiences

Scope = Literal["submissions.write", "cases.read"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""The scopes of this service."""

RESOURCE_PREFIX = "urn:amtsweg:"
"""The prefix of ``resource`` in a token request; the name of the service follows."""

ASSERTION_LIFETIME = timedelta(minutes=5)
"""How far ahead an assertion may expire; its id is remembered for that long."""

ASSERTION_ALGORITHMS = ("ES256", "ES384", "PS256", "Ed25519", "EdDSA")
"""Libraries older than RFC 9864 say ``EdDSA`` for ``Ed25519``; the key decides, and Ed448 is not accepted."""

ASSERTION_TYPES = (None, "JWT", "client-authentication+jwt")
CLOCK_SKEW = timedelta(seconds=30)
_LONGEST_ID = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """The client of an access token, its scopes and audience, and the credential that the client presented."""

    client_id: str
    scopes: frozenset[str]
    credential: str
    audience: Audience


@dataclass(frozen=True, slots=True)
class WrongScope:
    """The request asks for a scope that the principal lacks, or for scopes of several services."""


@dataclass(frozen=True, slots=True)
class WrongTarget:
    """The request names an unknown resource, several resources, or one that the scopes do not match."""


_TARGETS: Mapping[str, Audience] = {f"{RESOURCE_PREFIX}{name}": name for name in EXCHANGED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """The relevant claims of a private_key_jwt (RFC 7523), checked by `read_assertion`; the signature is checked apart."""

    client_id: str
    id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class BadClaim:
    """The name of an invalid header parameter or claim of an assertion, and what was expected; never its value."""

    name: str
    expected: str


def granted(
    principal: Principal, *, scope: str | None, resources: Sequence[str]
) -> tuple[Audience, frozenset[str]] | WrongTarget | WrongScope:
    """The service and the scopes of a token: those asked for (RFC 6749 section 3.3), else all for that service.

    A token is for one service. ``resource`` (RFC 8707) names it, as ``urn:amtsweg:intake``. Without it the scopes
    determine the service, and without scopes it is the only one for which the principal has scopes.
    """
    targets = {_TARGETS.get(resource) for resource in resources}
    if None in targets or len(targets) > 1:
        return WrongTarget()
    wanted = frozenset(scope.split(" ")) if scope else principal.scopes
    if not scope and targets:
        wanted = frozenset(each for each in wanted if audiences(frozenset({each})) == targets)
    opened = audiences(wanted)
    if not wanted <= principal.scopes or len(opened) != 1 or not opened.issubset(EXCHANGED):
        return WrongScope()
    if targets and opened != targets:
        return WrongTarget()
    return min(opened), wanted


def read_assertion(
    header: Mapping[str, Any], claims: Mapping[str, Any], *, issuer: str, now: datetime
) -> Assertion | BadClaim:
    """Return the assertion if RFC 7523 section 3 and rfc7523bis allow it, otherwise its first invalid claim.

    ``aud`` must be our issuer identifier alone, so that an assertion for another server cannot be used here. ``exp``
    and ``jti`` are required; ``exp`` is at most five minutes ahead.
    """
    if (wrong := _wrong(header, claims, issuer=issuer)) is not None:
        return wrong
    expires, not_before = _instant(claims.get("exp"), now), _instant(claims.get("nbf", 0), now)
    if not_before is None or not_before > now + CLOCK_SKEW:
        return BadClaim("nbf", "seconds since 1970 as a number, not in the future")
    if expires is None or not now - CLOCK_SKEW < expires <= now + ASSERTION_LIFETIME + CLOCK_SKEW:
        seconds = int(ASSERTION_LIFETIME.total_seconds())
        return BadClaim(
            "exp", f"seconds since 1970 as a number, not past and at most {seconds} seconds ahead"
        )
    return Assertion(client_id=claims["sub"], id=claims["jti"], expires_at=expires)


def _wrong(header: Mapping[str, Any], claims: Mapping[str, Any], *, issuer: str) -> BadClaim | None:
    """The first invalid parameter or claim of the assertion, except for its instants."""
    own_id, subject = claims.get("jti"), claims.get("sub")
    known = isinstance(own_id, str) and 1 <= len(own_id) <= _LONGEST_ID and own_id.isprintable()
    checks = (
        (
            header.get("alg") in ASSERTION_ALGORITHMS,
            "alg",
            f"one of {' '.join(ASSERTION_ALGORITHMS)}, EdDSA with an Ed25519 key",
        ),
        (header.get("typ") in ASSERTION_TYPES, "typ", "JWT, client-authentication+jwt, or none"),
        (isinstance(subject, str) and bool(subject), "sub", "the client id"),
        (claims.get("iss") == subject, "iss", "the client id, like sub"),
        (
            claims.get("aud") in (issuer, [issuer]),
            "aud",
            f"the issuer {issuer} alone; neither the token address nor a second value",
        ),
        (known, "jti", f"a new string of 1 to {_LONGEST_ID} printable characters each time"),
    )
    return next((BadClaim(name, expected) for right, name, expected in checks if not right), None)


def _instant(seconds: object, now: datetime) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, tz=now.tzinfo)
    except (OverflowError, ValueError, OSError):
        return None
