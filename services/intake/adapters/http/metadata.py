"""What a library asks an authorization server for: its metadata (RFC 8414) and its public keys (RFC 7517)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from joserfc.jwk import import_key

from services.intake.domain.client import ASSERTION_ALGORITHMS
from shared.access.principal import SCOPES
from shared.web.app import OPEN_TO_ALL

_CACHED: Final = {"Cache-Control": "public, max-age=300"}


def metadata_routes(keys: Sequence[Mapping[str, Any]], *, issuer: str) -> APIRouter:
    """The two documents; ``keys`` sign access tokens, and only their public parts are shown."""
    router = APIRouter(tags=["token"])
    document = {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": sorted(SCOPES),
        "token_endpoint_auth_methods_supported": [
            "private_key_jwt",
            "client_secret_basic",
            "client_secret_post",
        ],
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "service_documentation": f"{issuer}/",
    }
    shown = {"keys": [import_key(dict(key)).as_dict(private=False) for key in keys]}

    @router.get("/.well-known/oauth-authorization-server", openapi_extra=OPEN_TO_ALL)
    async def metadata() -> JSONResponse:
        """The token door's metadata: issuer, addresses, ways to authenticate, algorithms, scopes."""
        return JSONResponse(document, headers=_CACHED)

    @router.get("/.well-known/jwks.json", openapi_extra=OPEN_TO_ALL)
    async def jwks() -> JSONResponse:
        """The public keys that verify access tokens."""
        return JSONResponse(shown, headers=_CACHED)

    return router
