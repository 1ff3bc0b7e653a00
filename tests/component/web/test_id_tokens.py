"""What the issuer says about a person counts only if it holds: its signature, for whom it is, since when, and until when."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey

from shared.errors import Unavailable
from shared.web.sign_in.openid import OpenIdProvider, SignInRefused

ISSUER, CLIENT, SECRET, NONCE = "https://issuer.example", "doors", "s" * 32, "n-1"
OWN = ECKey.generate_key("P-256", parameters={"kid": "own", "use": "sig"})
STRANGER = ECKey.generate_key("P-256", parameters={"kid": "own", "use": "sig"})
Json = Mapping[str, Any]
SKEW = 30
"""Seconds that the clocks of issuer and page may differ."""


@dataclass(frozen=True)
class Seconds:
    """An instant that is reckoned from when the test runs."""

    from_now: int


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    said = {
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "sachbearbeitung-1",
        "nonce": NONCE,
        "iat": now,
        "exp": now + 60,
    }
    asked = {name: now + v.from_now if isinstance(v, Seconds) else v for name, v in changed.items()}
    return {name: value for name, value in (said | asked).items() if value is not None}


def signed(said: Json, *, key: ECKey = OWN) -> str:
    return jwt.encode({"alg": "ES256", "kid": "own"}, dict(said), key)


def by_shared_secret(said: Json) -> str:
    return jwt.encode({"alg": "HS256"}, dict(said), OctKey.import_key(SECRET))


def unsigned(said: Json) -> str:
    parts = ({"alg": "none"}, said)
    return ".".join(urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in parts) + "."


def nested(_: Json) -> str:
    return jws.serialize_compact({"alg": "ES256", "kid": "own"}, b"[" * 50_000, OWN)


def provider(
    id_token: str,
    *,
    status: int = 200,
    metadata: Json | None = None,
    instead: str | None = None,
    strange: tuple[object, ...] = (),
) -> OpenIdProvider:
    described = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": f"{ISSUER}/jwks",
        "end_session_endpoint": f"{ISSUER}/end",
    }
    said = {
        "/.well-known/openid-configuration": described | dict(metadata or {}),
        "/jwks": {"keys": [*strange, OWN.as_dict(private=False)]},
        "/token": {"id_token": id_token, "access_token": "a"},
    }

    def answer(request: httpx.Request) -> httpx.Response:
        code = status if request.url.path == "/token" else 200
        return httpx.Response(code, content=instead or json.dumps(said[request.url.path]))

    return OpenIdProvider(
        httpx.AsyncClient(transport=httpx.MockTransport(answer)),
        issuer=ISSUER,
        client_id=CLIENT,
        client_secret=SECRET,
        redirect_uri="https://doors.example/clerk/signed-in",
    )


async def told(issuer: OpenIdProvider, *, stated: str | None = None) -> Json:
    return await issuer.claims(code="c", nonce=NONCE, verifier="v", stated_issuer=stated)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "other"], "azp": CLIENT},
        {"exp": Seconds(20 - SKEW), "iat": Seconds(-300)},
        {"iat": Seconds(SKEW - 20), "exp": Seconds(300)},
    ],
    ids=["as it should be", "a list", "several audiences", "just over", "a clock that is ahead"],
)
async def test_a_token_that_holds_names_the_person(changed: dict[str, Any]) -> None:
    assert (await told(provider(signed(claims(**changed)))))["sub"] == "sachbearbeitung-1"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://other.example"},
        {"iss": None},
        {"aud": "other"},
        {"aud": None},
        {"aud": [CLIENT, "other"], "azp": "other"},
        {"nonce": "n-2"},
        {"nonce": None},
        {"exp": Seconds(-SKEW - 60)},
        {"exp": None},
        {"exp": "soon"},
        {"iat": None},
        {"iat": Seconds(3600), "exp": Seconds(7200)},
        {"sub": None},
    ],
    ids=lambda changed: ",".join(f"{name}={type(value).__name__}" for name, value in changed.items()),
)
async def test_a_token_with_a_claim_that_is_not_as_it_must_be_opens_nothing(changed: dict[str, Any]) -> None:
    with pytest.raises(SignInRefused):
        await told(provider(signed(claims(**changed))))


@pytest.mark.parametrize(
    "made",
    [
        by_shared_secret,
        unsigned,
        lambda said: signed(said, key=STRANGER),
        lambda said: signed(said).rpartition(".")[0] + ".",
        lambda _: "",
        lambda _: "a.b.c",
        nested,
    ],
    ids=[
        "shared secret",
        "none",
        "a stranger's key",
        "no signature",
        "empty",
        "garbage",
        "nested without end",
    ],
)
async def test_a_token_that_the_issuer_has_not_signed_opens_nothing(made: Callable[[Json], str]) -> None:
    with pytest.raises(SignInRefused):
        await told(provider(made(claims())))


async def test_a_code_that_is_not_redeemed_opens_nothing() -> None:
    with pytest.raises(SignInRefused):
        await told(provider(signed(claims()), status=400))


@pytest.mark.parametrize(
    ("stated", "promised", "holds"),
    [
        (None, False, True),
        (ISSUER, False, True),
        (ISSUER, True, True),
        (None, True, False),
        ("https://other.example", False, False),
    ],
)
async def test_the_answer_comes_from_the_issuer_that_was_asked(
    *, stated: str | None, promised: bool, holds: bool
) -> None:
    issuer = provider(signed(claims()), metadata={"authorization_response_iss_parameter_supported": promised})
    if holds:
        assert await told(issuer, stated=stated)
    else:
        with pytest.raises(SignInRefused):
            await told(issuer, stated=stated)


async def test_an_answer_that_is_nested_without_end_is_an_issuer_that_is_away() -> None:
    with pytest.raises(Unavailable, match="no JSON"):
        await told(provider(signed(claims()), instead="[" * 50_000))


async def test_metadata_of_another_issuer_is_not_followed() -> None:
    with pytest.raises(Unavailable, match="another issuer"):
        await told(provider(signed(claims()), metadata={"issuer": "https://other.example"}))


@pytest.mark.parametrize(
    "strange",
    [
        {"kty": "AKP", "alg": "ML-DSA-44", "kid": "new", "pub": "AA"},
        {"kty": "EC", "crv": "brainpoolP256r1", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "Ed448x", "x": "AA"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": ["EC"], "kid": {}},
        {"kid": "own"},
        "own",
        None,
    ],
    ids=str,
)
async def test_a_key_of_the_issuer_that_we_cannot_read_leaves_the_others_in_force(strange: object) -> None:
    assert (await told(provider(signed(claims()), strange=(strange,))))["sub"] == "sachbearbeitung-1"


@pytest.mark.parametrize("absent", ["token_endpoint", "authorization_endpoint", "jwks_uri"])
async def test_metadata_without_what_we_need_are_an_issuer_that_is_away(absent: str) -> None:
    with pytest.raises(Unavailable, match=absent):
        await told(provider(signed(claims()), metadata={absent: None}))
