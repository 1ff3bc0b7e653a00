"""Access tokens as services read them: short-lived, for one service, signed by the token door (RFC 9068)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key

SIGNED_WITH: Final = "ES256"
TYPE: Final = "at+jwt"
LONGEST: Final = 8192
"""Characters of a token; nobody has a longer one from us."""

_REMEMBERED: Final = 1024
_NOBODY: Final = (None, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Whose token was shown, and for what it was given."""

    client_id: str
    scopes: frozenset[str]


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
        self._known: dict[str, tuple[Shown, float]] = {}

    def read(self, token: str) -> Shown | None:
        """Return whose valid token it is, or None."""
        shown, expires = self._known.get(token) or self._verified(token)
        return shown if self._clock().timestamp() < expires else None

    def _verified(self, token: str) -> tuple[Shown | None, float]:
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
        shown = Shown(client_id=claims["sub"], scopes=frozenset(claims["scope"].split()))
        self._known[token] = (shown, claims["exp"])
        return self._known[token]
