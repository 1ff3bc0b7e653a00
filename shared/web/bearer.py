"""Access tokens as services read them: short-lived, for one service, signed by the token door (RFC 9068).

A token says who was let in; `Callers` asks whether that principal and its credential still count.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request

from shared.access.principal import Principal
from shared.access.principals import KnownPrincipals
from shared.bounded_files import read_bounded
from shared.strict_json import inspect

SIGNED_WITH: Final = "ES256"
TYPE: Final = "at+jwt"
LIFETIME: Final = timedelta(minutes=5)
"""Of every token."""

CREDENTIAL: Final = "credential"
"""Our own claim: the id of the credential that was shown, so that a token ends with it."""

LONGEST: Final = 8192
"""Characters of a token; nobody has a longer one from us."""

_REMEMBERED: Final = 1024
_SKEW_SECONDS: Final = 60
_LIFETIME_SECONDS: Final = LIFETIME.total_seconds()
_NOBODY: Final = (None, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerToken:
    """Whose token was shown, for what it was given, and which credential had been shown for it."""

    client_id: str
    scopes: frozenset[str]
    issued_at: datetime
    credential: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The caller: a principal as registered now, with those of its token's scopes that it still has.

    ``token`` is what was shown; `Callers.again` looks at it once more.
    """

    principal: Principal
    scopes: frozenset[str]
    token: BearerToken | None = None

    @property
    def id(self) -> str:
        return self.principal.id


class _Claims(BaseModel):
    """What a token of the token door says, each claim of its own type; others are left alone."""

    model_config = ConfigDict(strict=True)

    iss: str
    aud: str
    sub: str
    scope: str
    credential: str
    iat: float
    exp: float
    nbf: float = 0

    def in_time(self, now: float) -> bool:
        """Whether it was issued already, for no longer than tokens are, and has not ended."""
        issued = max(self.iat, self.nbf) <= now + _SKEW_SECONDS
        return issued and now < self.exp <= self.iat + _LIFETIME_SECONDS


def authorization_of(request: Request) -> str:
    """The ``Authorization`` header; of two, a list that opens nothing: a proxy could have looked at the other one."""
    return ", ".join(request.headers.getlist("authorization"))


class AccessTokens:
    """Reads tokens that are for ``audience``; ``keys`` are the door's, public parts suffice, old ones included."""

    def __init__(
        self,
        keys: Sequence[Mapping[str, Any]],
        *,
        issuer: str,
        audience: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._keys = KeySet([import_key(dict(key)) for key in keys])
        self._expected = (issuer, audience, TYPE)
        self._clock = clock
        self._known: dict[str, tuple[BearerToken, float]] = {}

    @classmethod
    def of(cls, keys: Path, *, issuer: str, audience: str, clock: Callable[[], datetime]) -> Self:
        """The same, with the keys in a file (JWK Set)."""
        return cls(orjson.loads(read_bounded(keys))["keys"], issuer=issuer, audience=audience, clock=clock)

    def read(self, token: str) -> BearerToken | None:
        """Return whose valid token it is, or None."""
        shown, expires = self._known.get(token) or self._verified(token)
        return shown if self._clock().timestamp() < expires else None

    def _verified(self, token: str) -> tuple[BearerToken | None, float]:
        """Whose token it is, and until when; remembered, since a client shows the same one for minutes."""
        if len(token) > LONGEST:
            return _NOBODY
        try:
            read = jws.deserialize_compact(token.encode("ascii"), self._keys, algorithms=[SIGNED_WITH])
            header, claims = read.headers(), read.payload
            found = None if inspect(claims) else _Claims.model_validate_json(claims)
        except (
            JoseError,
            ValueError,
            TypeError,
            RecursionError,
        ):  # also for arbitrary values in the header
            return _NOBODY
        if found is None or (found.iss, found.aud, header.get("typ")) != self._expected:
            return _NOBODY
        if not found.in_time(self._clock().timestamp()):
            return _NOBODY
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        shown = BearerToken(
            client_id=found.sub,
            scopes=frozenset(found.scope.split()),
            issued_at=datetime.fromtimestamp(found.iat, UTC),
            credential=found.credential,
        )
        self._known[token] = (shown, found.exp)
        return self._known[token]


class Callers:
    """Who comes in at a door: whose token is valid, whose principal is not revoked and whose credential still counts.

    Revoked and ended ones are out as soon as the principals have been read again, within a minute.
    """

    def __init__(
        self, tokens: AccessTokens, principals: KnownPrincipals, *, clock: Callable[[], datetime]
    ) -> None:
        self._tokens = tokens
        self._principals = principals
        self._clock = clock

    def read(self, authorization: str) -> Caller | None:
        """Return who shows this ``Authorization`` header (``Bearer …``), or None.

        Raises:
            Unavailable: the principals have not been read lately.
        """
        scheme, _, token = authorization.partition(" ")
        shown = self._tokens.read(token.strip()) if scheme.lower() == "bearer" else None
        return None if shown is None else self._caller(shown)

    def again(self, caller: Caller) -> Caller | None:
        """Return who has waited as they are now; None if they have been revoked meanwhile. A token may end while it waits.

        Raises:
            Unavailable: the principals have not been read lately.
        """
        return None if caller.token is None else self._caller(caller.token)

    def _caller(self, shown: BearerToken) -> Caller | None:
        principal = self._principals.get(shown.client_id)
        if principal is None:
            return None
        if not principal.stands_by(shown.credential, issued_at=shown.issued_at, now=self._clock()):
            return None
        return Caller(principal=principal, scopes=shown.scopes & principal.scopes, token=shown)
