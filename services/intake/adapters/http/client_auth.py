"""Who may come in: a bearer token with the scope that the route states, within the client's quota."""

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import Request
from fastapi.openapi.models import OAuth2, OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import SecurityScopes

from services.intake.adapters.http.problems import problem
from services.intake.adapters.rates import Quota
from services.intake.domain.client import Scope
from shared.web.bearer import Caller, Callers, authorization_of
from shared.web.gates import Admitted, Gate
from shared.web.noted import note

SCOPES: Final[dict[Scope, str]] = {
    "submissions.write": "Anträge einreichen (hand in submissions)",
    "cases.read": "Stand und Verlauf eigener Vorgänge lesen (read status and history of own cases)",
}


class ClientAuth(Gate[Caller]):
    """A dependency: ``Security(gate, scopes=["cases.read"])`` lets the bearer in, and says so in the OpenAPI."""

    def __init__(self, callers: Callers, *, count: Callable[[str], Awaitable[Quota | None]]) -> None:
        self.scheme_name = "platform"
        self.model = OAuth2(
            flows=OAuthFlows(
                clientCredentials=OAuthFlowClientCredentials(tokenUrl="/token", scopes=dict(SCOPES))
            ),
            description="OAuth 2.0 client credentials; private_key_jwt, client_secret_basic or client_secret_post.",
        )
        self._callers = callers
        self._count = count

    async def admit(self, request: Request, asked: SecurityScopes) -> Admitted[Caller]:
        """Return who asks.

        Raises:
            Problem: 401 without a valid token of a principal that is still registered, 403 without the scope,
                429 beyond the quota.
        """
        authorization = authorization_of(request)
        caller = self._callers.read(authorization)
        if caller is None:
            shown = ', error="invalid_token"' if " " in authorization else ""
            raise problem(
                "token-invalid", request, headers={"WWW-Authenticate": f'Bearer realm="intake"{shown}'}
            )
        note(request, client_id=caller.id)
        if not caller.scopes.issuperset(asked.scopes):
            needed = f'Bearer realm="intake", error="insufficient_scope", scope="{asked.scope_str}"'
            raise problem("scope-missing", request, headers={"WWW-Authenticate": needed})
        quota = await self._count(caller.id)
        if quota is not None and quota.exceeded:
            raise problem(
                "quota-exceeded",
                request,
                headers={**quota.headers(), "Retry-After": str(quota.resets_in)},
            )
        told = {} if quota is None else quota.headers()
        return Admitted(caller=caller, name=caller.id, headers=told)
