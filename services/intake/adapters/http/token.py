"""``POST /token``: OAuth 2.0 client credentials (RFC 6749 section 4.4)."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from fastapi import APIRouter, Request, Response

from services.intake.adapters.http.documents import TokenDocument, TokenErrorDocument
from services.intake.adapters.http.problems import problem
from services.intake.adapters.rates import Quota
from services.intake.domain.token_request import Denied, Issued, TokenError
from shared.telemetry.metrics import Telemetry
from shared.web.app import OPEN_TO_ALL

_NOT_STORED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_BODY_LIMIT: Final = 16 * 1024
_MEND: Final[dict[TokenError, str]] = {
    "invalid_request": "Send grant_type=client_credentials as a form, each parameter once, with one way to authenticate.",
    "invalid_client": "Show client_id and client_secret (HTTP Basic or form), or a fresh JWT whose only aud is the issuer.",
    "unsupported_grant_type": "Only grant_type=client_credentials is offered.",
    "invalid_scope": "Ask for scopes that the client is registered with, all of one service, or for none.",
}
_DESCRIBED: Final[dict[str, Any]] = {
    **OPEN_TO_ALL,
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"const": "client_credentials"},
                        "scope": {"type": "string"},
                        "client_id": {"type": "string"},
                        "client_secret": {"type": "string"},
                        "client_assertion": {"type": "string", "description": "JWT (RFC 7523)"},
                        "client_assertion_type": {
                            "const": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
                        },
                    },
                },
                "example": {
                    "grant_type": "client_credentials",
                    "client_id": "verwaltungsportal",
                    "client_secret": "geheim",
                    "scope": "submissions.write cases.read",
                },
            }
        },
    },
}


class Issue(Protocol):
    """The handler: answers a token request."""

    def __call__(self, body: bytes, *, authorization: str | None) -> Awaitable[Issued | Denied]: ...


def token_routes(
    issue: Issue,
    *,
    lifetime_seconds: int,
    count: Callable[[str], Awaitable[Quota | None]],
    telemetry: Telemetry,
) -> APIRouter:
    """The route; open to all, for it is where clients show who they are, and counted per address."""
    router = APIRouter(tags=["token"])

    @router.post(
        "/token",
        response_model=TokenDocument,
        responses={400: {"model": TokenErrorDocument}, 401: {"model": TokenErrorDocument}},
        openapi_extra=_DESCRIBED,
    )
    async def token(request: Request) -> Response:
        """Exchange the client's credentials for an access token of five minutes."""
        quota = await count(f"address:{request.client.host if request.client else ''}")
        if quota is not None and quota.exceeded:
            headers = {**quota.headers(), "Retry-After": str(quota.resets_in)}
            raise problem("quota-exceeded", request, headers=headers)
        body = await request.body()
        outcome = (
            await issue(body, authorization=request.headers.get("authorization"))
            if len(body) <= _BODY_LIMIT
            else Denied("invalid_request")
        )
        if isinstance(outcome, Denied):
            telemetry.count("decisions", service="intake", decision=f"token-{outcome.error}")
            return _denial(outcome)
        telemetry.count("decisions", service="intake", decision="token-issued")
        document = TokenDocument(
            access_token=outcome.token,
            expires_in=lifetime_seconds,
            scope=" ".join(sorted(outcome.bearer.scopes)),
        )
        return Response(document.model_dump_json(), media_type="application/json", headers=_NOT_STORED)

    return router


def _denial(denied: Denied) -> Response:
    document = TokenErrorDocument(error=denied.error, error_description=_MEND[denied.error])
    challenge = {"WWW-Authenticate": 'Basic realm="intake"'} if denied.challenge else {}
    return Response(
        document.model_dump_json(),
        status_code=401 if denied.error == "invalid_client" else 400,
        media_type="application/json",
        headers={**_NOT_STORED, **challenge},
    )
