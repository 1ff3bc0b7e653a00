"""JSON Web Tokens: the access tokens that we sign (RFC 9068), the assertions that clients sign (RFC 7523)."""

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from services.intake.domain.client import Bearer, audience
from services.intake.ports import Clock
from shared.web.bearer import LONGEST, SIGNED_WITH, TYPE, AccessTokens

TOKEN_LIFETIME: Final = timedelta(minutes=5)
AUDIENCE: Final = "intake"

_ASSERTION_ALGORITHMS: Final = ("ES256", "PS256", "Ed25519")
_ASSERTION_TYPES: Final = (None, "JWT", "client-authentication+jwt")


class JwtTokens:
    """Implements `services.intake.ports.Tokens`: signs with the newest key, the last, and knows all of them."""

    def __init__(self, keys: Sequence[Mapping[str, Any]], *, issuer: str, clock: Clock) -> None:
        self._key = import_key(dict(keys[-1]))
        self._ours = AccessTokens(keys, issuer=issuer, audience=AUDIENCE, clock=clock)
        self._issuer = issuer
        self._clock = clock

    def issue(self, bearer: Bearer) -> str:
        now = int(self._clock().timestamp())
        header = {"alg": SIGNED_WITH, "typ": TYPE, "kid": self._key.kid}
        claims = {
            "iss": self._issuer,
            "sub": bearer.client_id,
            "client_id": bearer.client_id,
            "aud": audience(bearer.scopes),
            "scope": " ".join(sorted(bearer.scopes)),
            "iat": now,
            "exp": now + int(TOKEN_LIFETIME.total_seconds()),
            "jti": secrets.token_urlsafe(16),
        }
        return jwt.encode(header, claims, self._key, algorithms=[SIGNED_WITH])

    def read(self, token: str) -> Bearer | None:
        shown = self._ours.read(token)
        return None if shown is None else Bearer(client_id=shown.client_id, scopes=shown.scopes)


class JwtAssertions:
    """Implements `services.intake.ports.Assertions`."""

    def subject(self, assertion: str) -> str | None:
        try:
            claims = json.loads(jws.extract_compact(assertion[:LONGEST].encode()).payload)
        except (JoseError, ValueError, RecursionError):
            return None
        subject = claims.get("sub") if isinstance(claims, dict) else None
        return subject if isinstance(subject, str) else None

    def claims(self, assertion: str, *, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        try:
            read = jwt.decode(
                assertion[:LONGEST], import_key(dict(key)), algorithms=list(_ASSERTION_ALGORITHMS)
            )
        except (JoseError, ValueError):
            return None
        return read.claims if read.header.get("typ") in _ASSERTION_TYPES else None
