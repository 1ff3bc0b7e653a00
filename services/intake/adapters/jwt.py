"""JSON Web Tokens: the access tokens that we sign (RFC 9068), the assertions that clients sign (RFC 7523)."""

import json
import secrets
import warnings
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import import_key

from services.intake.domain.client import ASSERTION_ALGORITHMS, Bearer
from services.intake.ports import Clock
from shared.crypto.key_strength import strong_key
from shared.strict_json import inspect
from shared.web.bearer import CREDENTIAL, LIFETIME, LONGEST, SIGNED_WITH, TYPE

AUDIENCE: Final = "intake"

_NO_ASSERTION: Final = (JoseError, ValueError, TypeError, AttributeError, RecursionError)
"""Errors of the library on malformed tokens: a header of the wrong type counts as a wrong signature."""


class JwtTokens:
    """Implements `services.intake.ports.Tokens`: signs with the newest key, the last."""

    def __init__(self, keys: Sequence[Mapping[str, Any]], *, issuer: str, clock: Clock) -> None:
        self._key = import_key(dict(keys[-1]))
        self._issuer = issuer
        self._clock = clock

    def issue(self, bearer: Bearer) -> str:
        now = int(self._clock().timestamp())
        header = {"alg": SIGNED_WITH, "typ": TYPE, "kid": self._key.kid}
        claims = {
            "iss": self._issuer,
            "sub": bearer.client_id,
            "client_id": bearer.client_id,
            "aud": bearer.audience,
            "scope": " ".join(sorted(bearer.scopes)),
            "iat": now,
            "exp": now + int(LIFETIME.total_seconds()),
            CREDENTIAL: bearer.credential,
            "jti": secrets.token_urlsafe(16),
        }
        return jwt.encode(header, claims, self._key, algorithms=[SIGNED_WITH])


class JwtAssertions:
    """Implements `services.intake.ports.Assertions`."""

    def claimed(self, assertion: str) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
        try:
            shown = jws.extract_compact(assertion[:LONGEST].encode())
            headers: object = shown.headers()
            protected = assertion.partition(".")[0]
            if inspect(shown.payload) or inspect(urlsafe_b64decode(protected + "=" * (-len(protected) % 4))):
                return None  # two readers could read two claims
            claims = json.loads(shown.payload)
        except _NO_ASSERTION:
            return None
        return (headers, claims) if isinstance(headers, dict) and isinstance(claims, dict) else None

    def verifies(self, assertion: str, *, key: Mapping[str, Any]) -> bool:
        try:
            with warnings.catch_warnings():  # of the name EdDSA, which RFC 9864 calls deprecated
                warnings.simplefilter("ignore", SecurityWarning)
                jwt.decode(assertion[:LONGEST], strong_key(key), algorithms=list(ASSERTION_ALGORITHMS))
        except _NO_ASSERTION:
            return False
        return True
