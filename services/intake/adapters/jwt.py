"""JSON Web Tokens: the access tokens that we sign (RFC 9068), the assertions that clients sign (RFC 7523)."""

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key

from services.intake.domain.client import Bearer
from services.intake.ports import Clock

TOKEN_LIFETIME: Final = timedelta(minutes=5)
AUDIENCE: Final = "intake"

_SIGNED_WITH: Final = "ES256"
_TYPE: Final = "at+jwt"
_ASSERTION_ALGORITHMS: Final = ("ES256", "PS256", "Ed25519")
_ASSERTION_TYPES: Final = (None, "JWT", "client-authentication+jwt")
_LONGEST: Final = 8192
_REMEMBERED: Final = 1024
_NOBODY: Final = (None, 0.0)


class JwtTokens:
    """Implements `services.intake.ports.Tokens`: signs with the newest key, the last, and knows all of them."""

    def __init__(self, keys: Sequence[Mapping[str, Any]], *, issuer: str, clock: Clock) -> None:
        self._keys = KeySet([import_key(dict(key)) for key in keys])
        self._issuer = issuer
        self._clock = clock
        self._known: dict[str, tuple[Bearer, float]] = {}

    def issue(self, bearer: Bearer) -> str:
        now = int(self._clock().timestamp())
        key = self._keys.keys[-1]
        header = {"alg": _SIGNED_WITH, "typ": _TYPE, "kid": key.kid}
        claims = {
            "iss": self._issuer,
            "sub": bearer.client_id,
            "client_id": bearer.client_id,
            "aud": AUDIENCE,
            "scope": " ".join(sorted(bearer.scopes)),
            "iat": now,
            "exp": now + int(TOKEN_LIFETIME.total_seconds()),
            "jti": secrets.token_urlsafe(16),
        }
        return jwt.encode(header, claims, key, algorithms=[_SIGNED_WITH])

    def read(self, token: str) -> Bearer | None:
        bearer, expires = self._known.get(token) or self._verified(token)
        return bearer if self._clock().timestamp() < expires else None

    def _verified(self, token: str) -> tuple[Bearer | None, float]:
        """Whose token it is, and until when; remembered, since a client shows the same one for minutes."""
        try:
            read = jwt.decode(token[:_LONGEST], self._keys, algorithms=[_SIGNED_WITH])
        except (JoseError, ValueError):
            return _NOBODY
        claims = read.claims
        if (claims.get("iss"), claims.get("aud"), read.header.get("typ")) != (self._issuer, AUDIENCE, _TYPE):
            return _NOBODY
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        bearer = Bearer(client_id=claims["sub"], scopes=frozenset(claims["scope"].split()))
        self._known[token] = (bearer, claims["exp"])
        return self._known[token]


class JwtAssertions:
    """Implements `services.intake.ports.Assertions`."""

    def subject(self, assertion: str) -> str | None:
        try:
            claims = json.loads(jws.extract_compact(assertion[:_LONGEST].encode()).payload)
        except (JoseError, ValueError, RecursionError):
            return None
        subject = claims.get("sub") if isinstance(claims, dict) else None
        return subject if isinstance(subject, str) else None

    def claims(self, assertion: str, *, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        try:
            read = jwt.decode(
                assertion[:_LONGEST], import_key(dict(key)), algorithms=list(_ASSERTION_ALGORITHMS)
            )
        except (JoseError, ValueError):
            return None
        return read.claims if read.header.get("typ") in _ASSERTION_TYPES else None
