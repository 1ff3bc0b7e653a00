"""Who may come in: a person with an access token for this service, and the scope that the route states."""

from fastapi import Request
from fastapi.openapi.models import OAuth2, OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase

from shared.web.bearer import AccessTokens, Shown
from shared.web.problems import Problem


class Gate(SecurityBase):
    """A dependency: ``Security(gate, scopes=["desk"])`` lets the bearer in, and says so in the OpenAPI.

    ``issuer`` is the token door's address; a token that was withdrawn there still opens for its five minutes.
    """

    def __init__(self, tokens: AccessTokens, *, issuer: str) -> None:
        self.scheme_name = "desk"
        self.model = OAuth2(
            flows=OAuthFlows(
                clientCredentials=OAuthFlowClientCredentials(
                    tokenUrl=f"{issuer}/token",
                    scopes={"desk": "Geparkte Vorgänge klären (decide what is parked)"},
                )
            ),
            description="OAuth 2.0 client credentials at the token door; ask for scope=desk.",
        )
        self._tokens = tokens

    async def __call__(self, request: Request, asked: SecurityScopes) -> Shown:
        """Return the bearer.

        Raises:
            Problem: 401 without a valid token for this service, 403 without the scope.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        shown = self._tokens.read(token.strip()) if scheme.lower() == "bearer" else None
        if shown is None:
            raise _unknown(tried=bool(token))
        if not shown.scopes.issuperset(asked.scopes):
            raise _without_right(asked.scope_str)
        return shown


def _unknown(*, tried: bool) -> Problem:
    error = ', error="invalid_token"' if tried else ""
    return Problem(
        401,
        "token-invalid",
        title="Kein Zugang (no access)",
        detail="Das Zugriffstoken fehlt, ist abgelaufen oder gilt nicht für diesen Dienst.",
        resolution="Mit POST /token und scope=desk ein neues anfordern (ask the token door for scope=desk).",
        headers={"WWW-Authenticate": f'Bearer realm="desk"{error}'},
    )


def _without_right(needed: str) -> Problem:
    return Problem(
        403,
        "scope-missing",
        title="Nicht berechtigt (not permitted)",
        detail=f"Dieses Token öffnet die Klärungsstelle nicht; nötig ist das Recht {needed}.",
        resolution="Das Recht bei der Betreiberin eintragen lassen (have the scope registered).",
        headers={"WWW-Authenticate": f'Bearer realm="desk", error="insufficient_scope", scope="{needed}"'},
    )
