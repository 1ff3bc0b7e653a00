"""Access tokens as services read them: short-lived, for one service, signed by the token door (RFC 9068).

A token says who was let in; `Callers` asks whether that principal and its credential still count.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key

from shared.access.principal import Principal
from shared.access.principals import KnownPrincipals
from shared.bounded_files import read_bounded

SIGNED_WITH: Final = "ES256"
TYPE: Final = "at+jwt"
CREDENTIAL: Final = "credential"
"""Our own claim: the id of the credential that was shown, so that a token ends with it."""

LONGEST: Final = 8192
"""Characters of a token; nobody has a longer one from us."""

_REMEMBERED: Final = 1024
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
    """Who asks: a principal as registered now, with what of its token's scopes it still has.

    ``token`` is what was shown; `Callers.again` looks at it once more.
    """

    principal: Principal
    scopes: frozenset[str]
    token: BearerToken | None = None

    @property
    def id(self) -> str:
        return self.principal.id


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
        try:
            read = jwt.decode(token[:LONGEST], self._keys, algorithms=[SIGNED_WITH])
        except (JoseError, ValueError):
            return _NOBODY
        claims = read.claims
        if (claims.get("iss"), claims.get("aud"), read.header.get("typ")) != self._expected:
            return _NOBODY
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        shown = BearerToken(
            client_id=claims["sub"],
            scopes=frozenset(claims["scope"].split()),
            issued_at=datetime.fromtimestamp(claims.get("iat", 0), UTC),
            credential=claims.get(CREDENTIAL, ""),
        )
        self._known[token] = (shown, claims["exp"])
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
