"""A platform that may hand in submissions, and what it has to say to be let in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal, get_args

Scope = Literal["submissions.write", "cases.read"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""What opens this service."""

OTHER_AUDIENCES: Mapping[str, str] = MappingProxyType({"desk": "desk"})
"""Scopes that open another service, and which: a token is for one service only."""

ASSERTION_LIFETIME = timedelta(minutes=5)
"""How far ahead an assertion may expire; its id has to be remembered that long."""

CLOCK_SKEW = timedelta(seconds=30)
_LONGEST_ID = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered client; ``secret_hash`` is a PHC string (Argon2id), ``public_key`` a JWK (RFC 7517)."""

    id: str
    name: str
    scopes: frozenset[str]
    secret_hash: str | None = None
    public_key: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Who presents an access token, and for what it was given."""

    client_id: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """The claims of a private_key_jwt (RFC 7523) that decide; its signature has been verified."""

    client_id: str
    id: str
    expires_at: datetime


def granted(client: Client, *, asked: str | None) -> frozenset[str] | None:
    """The scopes of a token: those asked for (space separated, RFC 6749 section 3.3), else all of the client's.

    None where one of them is not the client's, or where they open more than one service.
    """
    wanted = frozenset(asked.split(" ")) if asked else client.scopes
    return wanted if wanted <= client.scopes and len(_audiences(wanted)) <= 1 else None


def audience(scopes: frozenset[str]) -> str:
    """The one service that a token with these granted scopes is for."""
    return min(_audiences(scopes), default="intake")


def _audiences(scopes: frozenset[str]) -> set[str]:
    return {OTHER_AUDIENCES.get(scope, "intake") for scope in scopes}


def read_assertion(claims: Mapping[str, Any], *, issuer: str, now: datetime) -> Assertion | None:
    """Return the assertion if RFC 7523 section 3 and rfc7523bis allow it, else None.

    ``aud`` must be our issuer identifier and nothing else: an assertion that some other server could have
    received is not accepted. ``exp`` and ``jti`` are required; ``exp`` at most five minutes ahead.
    """
    subject, audience, own_id = claims.get("sub"), claims.get("aud"), claims.get("jti")
    expires, not_before = _instant(claims.get("exp"), now), _instant(claims.get("nbf", 0), now)
    if not isinstance(subject, str) or claims.get("iss") != subject or audience not in (issuer, [issuer]):
        return None
    if not isinstance(own_id, str) or not 1 <= len(own_id) <= _LONGEST_ID or not own_id.isprintable():
        return None
    if expires is None or not_before is None or not_before > now + CLOCK_SKEW:
        return None
    if not now - CLOCK_SKEW < expires <= now + ASSERTION_LIFETIME + CLOCK_SKEW:
        return None
    return Assertion(client_id=subject, id=own_id, expires_at=expires)


def _instant(seconds: object, now: datetime) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, tz=now.tzinfo)
    except (OverflowError, ValueError, OSError):
        return None
