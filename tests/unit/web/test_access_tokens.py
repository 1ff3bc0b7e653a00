from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from shared.access.principal import Credential, Principal
from shared.web.bearer import AccessTokens, BearerToken, Callers

NOW = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)
KEY = ECKey.generate_key("P-256", {"kid": "tokens-1"})
CLAIMS = {
    "iss": "https://intake.example",
    "sub": "desk-1",
    "aud": "desk",
    "scope": "desk",
    "iat": NOW.timestamp(),
    "credential": "key-1",
    "exp": NOW.timestamp() + 300,
}


def token(*, key: ECKey = KEY, typ: str = "at+jwt", **changes: Any) -> str:
    return jwt.encode({"alg": "ES256", "typ": typ, "kid": key.kid}, CLAIMS | changes, key)


def read(shown: str, *, after: timedelta = timedelta()) -> BearerToken | None:
    public = KEY.as_dict(private=False)
    tokens = AccessTokens(
        [public], issuer="https://intake.example", audience="desk", clock=lambda: NOW + after
    )
    return tokens.read(shown)


def test_the_public_key_suffices_to_read_a_token() -> None:
    assert read(token()) == BearerToken(
        client_id="desk-1", scopes=frozenset({"desk"}), issued_at=NOW, credential="key-1"
    )


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(token(aud="intake"), id="for another service"),
        pytest.param(token(aud=["intake", "desk"]), id="for several services"),
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


@dataclass
class Known:
    """The principals as last read."""

    principal: Principal | None

    def get(self, principal: str) -> Principal | None:
        return self.principal if self.principal and self.principal.id == principal else None


PERSON = Principal(
    id="desk-1",
    kind="desk",
    name="Klärungsstelle",
    scopes=frozenset({"desk"}),
    registered_at=NOW - timedelta(days=1),
    credentials=(Credential(id="key-1", secret_hash="x", valid_from=NOW - timedelta(days=1)),),
)


def called(principal: Principal | None, shown: str) -> frozenset[str] | None:
    """The scopes with which a header is let in."""
    tokens = AccessTokens(
        [KEY.as_dict(private=False)], issuer="https://intake.example", audience="desk", clock=lambda: NOW
    )
    caller = Callers(tokens, Known(principal), clock=lambda: NOW).read(shown)
    return None if caller is None else caller.scopes


def test_a_registered_principal_comes_in_with_its_token() -> None:
    assert called(PERSON, f"Bearer {token()}") == called(PERSON, f"bearer {token()}") == frozenset({"desk"})


def ended(**changes: Any) -> tuple[Credential, ...]:
    return tuple(replace(each, **changes) for each in PERSON.credentials)


@pytest.mark.parametrize(
    ("principal", "shown"),
    [
        pytest.param(None, f"Bearer {token()}", id="revoked"),
        pytest.param(PERSON, token(), id="without its scheme"),
        pytest.param(PERSON, f"Basic {token()}", id="by another scheme"),
        pytest.param(
            replace(PERSON, registered_at=NOW + timedelta(seconds=1)),
            f"Bearer {token()}",
            id="registered anew since the token was issued",
        ),
        pytest.param(
            replace(PERSON, credentials=ended(valid_until=NOW)), f"Bearer {token()}", id="credential ended"
        ),
        pytest.param(replace(PERSON, credentials=()), f"Bearer {token()}", id="credential gone"),
        pytest.param(PERSON, f"Bearer {token(credential='key-2')}", id="credential unknown"),
    ],
)
def test_a_valid_token_is_not_enough(principal: Principal | None, shown: str) -> None:
    assert called(principal, shown) is None


def test_a_scope_that_was_withdrawn_is_not_there_any_more() -> None:
    assert called(replace(PERSON, scopes=frozenset()), f"Bearer {token()}") == frozenset()


@pytest.mark.parametrize(
    "since",
    [
        pytest.param(None, id="revoked"),
        pytest.param(replace(PERSON, credentials=()), id="credential gone"),
        pytest.param(replace(PERSON, scopes=frozenset()), id="scope withdrawn"),
    ],
)
def test_who_has_waited_is_seen_as_they_are_now_though_the_token_has_ended(since: Principal | None) -> None:
    known, now = Known(PERSON), NOW
    tokens = AccessTokens(
        [KEY.as_dict(private=False)], issuer="https://intake.example", audience="desk", clock=lambda: now
    )
    callers = Callers(tokens, known, clock=lambda: now)
    caller = callers.read(f"Bearer {token()}")
    assert caller is not None

    now += timedelta(minutes=6)
    assert callers.read(f"Bearer {token()}") is None
    assert callers.again(caller) == caller
    known.principal = since
    again = callers.again(caller)
    assert again is None or again.scopes == frozenset()
