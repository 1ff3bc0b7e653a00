"""The relying party of OpenID Connect: authorization code with PKCE (OpenID Connect Core section 3.1, RFC 7636)."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import httpx
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, import_key
from joserfc.jws import JWSRegistry

from shared.errors import Unavailable

SIGNED_WITH: Final = ("RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519")
"""Signatures of ID tokens that are believed; never ``none``, never a shared secret."""

_NEEDED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_SCOPE: Final = "openid profile"
_REREAD_SECONDS: Final = 3600.0
_KEYS_REREAD_SECONDS: Final = 30.0
_LEEWAY_SECONDS: Final = 30
_LONGEST: Final = 256 * 1024
_OK: Final = 200


class SignInRefused(Exception):  # noqa: N818 - what happened, in the project's vocabulary
    """The issuer did not vouch for the person; the text says why, and names nobody."""


class OpenIdProvider:
    """The issuer as this process sees it. Its metadata (OpenID Connect Discovery) and keys are read when first needed."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        issuer: str,
        client_id: str,
        client_secret: str | None,
        redirect_uri: str,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._seconds = seconds
        self._metadata: Mapping[str, Any] = {}
        self._metadata_at = float("-inf")
        self._keys = KeySet([])
        self._keys_at = float("-inf")

    async def authorization_url(self, *, state: str, nonce: str, verifier: str, language: str) -> str:
        """Where the browser goes to sign in.

        Raises:
            Unavailable: the issuer cannot be reached.
        """
        metadata = await self._described()
        url: str = prepare_grant_uri(
            metadata["authorization_endpoint"],
            self._client_id,
            "code",
            redirect_uri=self._redirect_uri,
            scope=_SCOPE,
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
            ui_locales=language,
        )
        return url

    async def claims(
        self, *, code: str, nonce: str, verifier: str, stated_issuer: str | None
    ) -> Mapping[str, Any]:
        """Redeem the code and return what the ID token says about the person.

        ``stated_issuer`` is the parameter ``iss`` of the answer (RFC 9207), where there is one.

        Raises:
            SignInRefused: the code is not redeemed, or the ID token does not hold.
            Unavailable: the issuer cannot be reached.
        """
        metadata = await self._described()
        stated = stated_issuer or (
            "" if metadata.get("authorization_response_iss_parameter_supported") else self._issuer
        )
        if stated != self._issuer:
            raise SignInRefused("the answer comes from another issuer")
        token = await self._redeemed(metadata["token_endpoint"], code=code, verifier=verifier)
        return await self._verified(str(token.get("id_token", "")), token, nonce=nonce)

    async def end_session_url(self, *, back: str) -> str | None:
        """Where the browser goes to sign out at the issuer too; None if it has no such place.

        Raises:
            Unavailable: the issuer cannot be reached.
        """
        endpoint = (await self._described()).get("end_session_endpoint")
        if not endpoint:
            return None
        asked = {"client_id": self._client_id, "post_logout_redirect_uri": back}
        return str(add_params_to_uri(endpoint, list(asked.items())))

    async def _described(self) -> Mapping[str, Any]:
        if self._seconds() - self._metadata_at > _REREAD_SECONDS:
            found = await self._read(f"{self._issuer}/.well-known/openid-configuration")
            if found.get("issuer") != self._issuer:
                raise Unavailable(
                    "the issuer's metadata names another issuer; check the setting sign_in.issuer"
                )
            if absent := [each for each in _NEEDED if not isinstance(found.get(each), str)]:
                raise Unavailable(f"the issuer's metadata says no {absent[0]}")
            self._metadata, self._metadata_at = found, self._seconds()
        return self._metadata

    async def _redeemed(self, endpoint: str, *, code: str, verifier: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
            "client_id": self._client_id,
        }
        if self._client_secret is not None:
            form["client_secret"] = self._client_secret
        answer = await self._ask("POST", endpoint, data=form)
        if answer.status_code != _OK:
            raise SignInRefused(f"the issuer did not redeem the code ({answer.status_code})")
        return _document(answer)

    async def _verified(self, id_token: str, token: Mapping[str, Any], *, nonce: str) -> Mapping[str, Any]:
        try:
            read = await self._decoded(id_token)
            claims = CodeIDToken(
                read.claims,
                read.header,
                {
                    "iss": {"essential": True, "value": self._issuer},
                    "aud": {"essential": True, "value": self._client_id},
                },
                {"nonce": nonce, "client_id": self._client_id, "access_token": token.get("access_token")},
            )
            claims.validate(leeway=_LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as bad:
            raise SignInRefused(f"the ID token does not hold: {type(bad).__name__}") from None
        return dict(claims)

    async def _decoded(self, id_token: str) -> jwt.Token:
        registry = JWSRegistry(algorithms=[*SIGNED_WITH], strict_check_header=False)
        try:
            return jwt.decode(id_token, await self._trusted(), registry=registry)
        except JoseError:
            # Perhaps the issuer has a new key since.
            return jwt.decode(
                id_token, await self._trusted(older_than=_KEYS_REREAD_SECONDS), registry=registry
            )

    async def _trusted(self, *, older_than: float = _REREAD_SECONDS) -> KeySet:
        if self._seconds() - self._keys_at > older_than:
            found = await self._read((await self._described())["jwks_uri"])
            self._keys = KeySet(_readable(found.get("keys")))
            self._keys_at = self._seconds()
        return self._keys

    async def _read(self, url: str) -> Mapping[str, Any]:
        answer = await self._ask("GET", url)
        if answer.status_code != _OK:
            raise Unavailable(f"the issuer answers {answer.status_code}; try again")
        return _document(answer)

    async def _ask(self, method: str, url: str, **what: Any) -> httpx.Response:
        try:
            return await self._http.request(method, url, **what)
        except httpx.HTTPError as away:
            raise Unavailable(f"the issuer cannot be reached: {type(away).__name__}; try again") from away


def _readable(stated: object) -> list[Key]:
    """The keys that we understand; others have no effect (RFC 7517 section 5)."""
    keys: list[Key] = []
    for each in stated if isinstance(stated, list) else []:
        with suppress(JoseError, ValueError, TypeError, KeyError, AttributeError):
            if each.get("use") != "enc":
                keys.append(import_key(each))
    return keys


def _document(answer: httpx.Response) -> Mapping[str, Any]:
    if len(answer.content) > _LONGEST:
        raise Unavailable("the issuer's answer is too long")
    try:
        document = answer.json()
    except (ValueError, RecursionError):
        raise Unavailable("the issuer's answer is no JSON; try again") from None
    if not isinstance(document, dict):
        raise Unavailable("the issuer's answer is no JSON object; try again")
    return document
