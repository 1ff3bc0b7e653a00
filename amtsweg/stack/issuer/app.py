"""The local issuer over HTTP: discovery, a list of persons to choose from, the token endpoint, sign-out."""

import hmac
import secrets
import time
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from fastapi import FastAPI, Form, HTTPException, Query, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import BaseModel, Field

from amtsweg.stack.issuer.description import IssuerClient, IssuerDescription, SamplePerson

_LIFETIME: Final = 300
_CODE_SECONDS: Final = 60
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_PAGE: Final = """<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Anmelden (Entwicklung)</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:1.05rem/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;color:#1b2733}}
a{{display:block;padding:.8rem 1rem;margin:.6rem 0;border:1px solid #7d8791;border-radius:6px;color:#1f4e79}}
a small{{display:block;color:#55616d}}</style></head><body><main><h1>Wer meldet sich an?</h1>
<p>Nur für den lokalen Stapel: Beispielpersonen, ohne Passwort.</p>{persons}</main></body></html>"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Granted:
    """A code, redeemed once within a minute."""

    client: str
    redirect_uri: str
    challenge: str
    nonce: str
    person: SamplePerson
    until: float


class AuthorizationParameters(BaseModel):
    """The query of ``/authorize``, handed through the list of persons."""

    client_id: str
    redirect_uri: str
    state: Annotated[str, Field(max_length=500)]
    nonce: Annotated[str, Field(max_length=500)]
    code_challenge: Annotated[str, Field(max_length=128)]
    code_challenge_method: str
    response_type: str = "code"
    scope: str = "openid"

    def query(self, **more: str) -> str:
        return urlencode(self.model_dump() | more)


class _Choice(AuthorizationParameters):
    person: str


class _Redemption(BaseModel):
    grant_type: str
    code: str
    redirect_uri: str
    code_verifier: str
    client_id: str
    client_secret: str


@dataclass(kw_only=True)
class LocalIssuer:
    """Its key lives as long as the process."""

    told: IssuerDescription
    key: ECKey = field(
        default_factory=lambda: ECKey.generate_key("P-256", {"kid": secrets.token_hex(4), "use": "sig"})
    )
    codes: dict[str, _Granted] = field(default_factory=dict)

    def client(self, asked: AuthorizationParameters) -> IssuerClient:
        """The registered client. A request with an address that is not registered ends here: nobody is led there."""
        client = self.told.clients.get(asked.client_id)
        if client is None or asked.redirect_uri not in client.redirect_uris:
            raise HTTPException(400, "unknown client or address")
        if asked.code_challenge_method != "S256" or asked.response_type != "code":
            raise HTTPException(400, "authorization code with PKCE (S256) is expected")
        return client

    def grant(self, asked: AuthorizationParameters, person: SamplePerson) -> str:
        code = secrets.token_urlsafe(32)
        self.codes[code] = _Granted(
            client=asked.client_id,
            redirect_uri=asked.redirect_uri,
            challenge=asked.code_challenge,
            nonce=asked.nonce,
            person=person,
            until=time.monotonic() + _CODE_SECONDS,
        )
        return code

    def redeem(self, code: str, *, client: str, redirect_uri: str, verifier: str) -> _Granted | None:
        granted = self.codes.pop(code, None)
        if granted is None or time.monotonic() > granted.until:
            return None
        shown = (client, redirect_uri, create_s256_code_challenge(verifier))
        return granted if shown == (granted.client, granted.redirect_uri, granted.challenge) else None

    def id_token(self, granted: _Granted) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.told.issuer,
            "aud": granted.client,
            "sub": granted.person.id,
            "name": granted.person.name,
            "authorities": list(granted.person.authorities),
            "nonce": granted.nonce,
            "iat": now,
            "exp": now + _LIFETIME,
        }
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)


def issuer_app(told: IssuerDescription) -> FastAPI:
    """The issuer with every route."""
    issuer = LocalIssuer(told=told)
    app = FastAPI(title="Amtsweg local issuer", docs_url=None, redoc_url=None, openapi_url=None)
    _add_description(app, issuer)
    _add_persons(app, issuer)
    _add_tokens(app, issuer)
    return app


def _add_description(app: FastAPI, issuer: LocalIssuer) -> None:
    own = issuer.told.issuer

    @app.get("/.well-known/openid-configuration")
    async def configuration() -> JSONResponse:
        return JSONResponse(
            {
                "issuer": own,
                "authorization_endpoint": f"{own}/authorize",
                "token_endpoint": f"{own}/token",
                "jwks_uri": f"{own}/jwks",
                "end_session_endpoint": f"{own}/end-session",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    @app.get("/jwks")
    async def jwks() -> JSONResponse:
        return JSONResponse({"keys": [issuer.key.as_dict(private=False)]})

    @app.get("/healthz")
    async def health() -> Response:
        return Response("ok")


def _add_persons(app: FastAPI, issuer: LocalIssuer) -> None:
    persons = {person.id: person for person in issuer.told.persons}

    @app.get("/authorize")
    async def authorize(asked: Annotated[AuthorizationParameters, Query()]) -> HTMLResponse:
        issuer.client(asked)
        links = (
            f'<a href="/chosen?{escape(asked.query(person=person.id))}">{escape(person.name)}'
            f"<small>{escape(person.does)} · {escape(person.id)}</small></a>"
            for person in persons.values()
        )
        return HTMLResponse(_PAGE.format(persons="".join(links)), headers=_HEADERS)

    @app.get("/chosen")
    async def chosen(asked: Annotated[_Choice, Query()]) -> RedirectResponse:
        issuer.client(asked)
        if asked.person not in persons:
            raise HTTPException(400, "unknown person")
        told = {
            "code": issuer.grant(asked, persons[asked.person]),
            "state": asked.state,
            "iss": issuer.told.issuer,
        }
        return RedirectResponse(f"{asked.redirect_uri}?{urlencode(told)}", HTTPStatus.SEE_OTHER)

    @app.get("/end-session")
    async def end_session(client_id: str, post_logout_redirect_uri: str) -> RedirectResponse:
        client = issuer.told.clients.get(client_id)
        if client is None or post_logout_redirect_uri not in client.post_logout_redirect_uris:
            raise HTTPException(400, "unknown client or address")
        return RedirectResponse(post_logout_redirect_uri, HTTPStatus.SEE_OTHER)


def _add_tokens(app: FastAPI, issuer: LocalIssuer) -> None:
    @app.post("/token")
    async def token(shown: Annotated[_Redemption, Form()]) -> JSONResponse:
        client = issuer.told.clients.get(shown.client_id)
        if client is None or not hmac.compare_digest(client.secret, shown.client_secret):
            return JSONResponse({"error": "invalid_client"}, 401)
        granted = issuer.redeem(
            shown.code,
            client=shown.client_id,
            redirect_uri=shown.redirect_uri,
            verifier=shown.code_verifier,
        )
        if shown.grant_type != "authorization_code" or granted is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse(
            {
                "access_token": secrets.token_urlsafe(16),
                "token_type": "Bearer",
                "expires_in": _LIFETIME,
                "id_token": issuer.id_token(granted),
            },
            headers={"Cache-Control": "no-store"},
        )
