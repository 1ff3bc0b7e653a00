from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from shared.web.bearer import AccessTokens, Shown

NOW = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)
KEY = ECKey.generate_key("P-256", {"kid": "tokens-1"})
CLAIMS = {
    "iss": "https://intake.example",
    "sub": "desk-1",
    "aud": "router",
    "scope": "desk",
    "exp": NOW.timestamp() + 300,
}


def token(*, key: ECKey = KEY, typ: str = "at+jwt", **changes: Any) -> str:
    return jwt.encode({"alg": "ES256", "typ": typ, "kid": key.kid}, CLAIMS | changes, key)


def read(shown: str, *, after: timedelta = timedelta()) -> Shown | None:
    public = KEY.as_dict(private=False)
    tokens = AccessTokens(
        [public], issuer="https://intake.example", audience="router", clock=lambda: NOW + after
    )
    return tokens.read(shown)


def test_the_public_key_suffices_to_read_a_token() -> None:
    assert read(token()) == Shown(client_id="desk-1", scopes=frozenset({"desk"}))


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(token(aud="intake"), id="for another service"),
        pytest.param(token(aud=["intake", "router"]), id="for several services"),
        pytest.param(token(iss="https://other.example"), id="of another issuer"),
        pytest.param(token(typ="JWT"), id="of another type"),
        pytest.param(token(key=ECKey.generate_key("P-256", {"kid": "tokens-1"})), id="signed by a stranger"),
        pytest.param("", id="empty"),
        pytest.param("a.b.c", id="that is none"),
    ],
)
def test_a_token_is_refused(shown: str) -> None:
    assert read(shown) is None


def test_a_token_ends() -> None:
    assert read(token(), after=timedelta(minutes=5)) is None
