"""``POST /token``: OAuth 2.0 client credentials (RFC 6749 section 4.4)."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from services.intake.adapters.http.documents import TokenDocument, TokenErrorDocument
from services.intake.adapters.http.problems import problem
from services.intake.adapters.rates import Quota
from services.intake.domain.client import ASSERTION_LIFETIME, RESOURCE_PREFIX, BadClaim
from services.intake.domain.token_request import Denied, Issued, TokenError
from services.intake.handler.tokens import TokenEndpoint
from shared.access.principal import EXCHANGED
from shared.telemetry.metrics import Telemetry
from shared.web.app import OPEN_TO_ALL
from shared.web.bearer import authorization_of
from shared.web.noted import note
from shared.web.origins import asker

_NOT_STORED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
TOKEN_BODY_LIMIT: Final = 16 * 1024
_FORM: Final = "application/x-www-form-urlencoded"
_MEND: Final[dict[TokenError, str]] = {
    "invalid_request": "Send grant_type=client_credentials as a form, each parameter once, with one way to authenticate.",
    "invalid_client": "No client goes by what was shown, or its secret or key is wrong or has ended. "
    "Show client_id and client_secret (HTTP Basic or form), or a fresh JWT whose only aud is the issuer.",
    "unsupported_grant_type": "Only grant_type=client_credentials is offered.",
    "invalid_scope": "Ask for scopes that the client is registered with, all of one service, or name that as resource; "
    "a client of one service gets all that it has without scope.",
    "invalid_target": "Name one service as resource, for example urn:amtsweg:intake, and scopes that open it.",
}
_ASSERTION: Final = (
    "JWT (RFC 7523) signed with a registered key: iss and sub are the client id, aud is the issuer alone, jti is new "
    f"each time, exp is at most {int(ASSERTION_LIFETIME.total_seconds())} seconds ahead."
)
_DESCRIBED: Final[dict[str, Any]] = {
    **OPEN_TO_ALL,
    "requestBody": {
        "required": True,
        "content": {
            _FORM: {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"const": "client_credentials"},
                        "scope": {"type": "string"},
                        "resource": {
                            "type": "string",
                            "description": "The service that the token is for (RFC 8707).",
                            "enum": [f"{RESOURCE_PREFIX}{name}" for name in EXCHANGED],
                        },
                        "client_id": {"type": "string"},
                        "client_secret": {"type": "string"},
                        "client_assertion": {"type": "string", "description": _ASSERTION},
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


def token_routes(
    door: TokenEndpoint,
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
        quota = await count(f"address:{asker(request)}")
        if quota is not None and quota.exceeded:
            headers = {**quota.headers(), "Retry-After": str(quota.resets_in)}
            raise problem("quota-exceeded", request, headers=headers)
        outcome: Issued | Denied
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            outcome = Denied("invalid_request", wrong=BadClaim("Content-Type", _FORM))
        else:
            outcome = await door.issue(await request.body(), authorization=authorization_of(request) or None)
        if isinstance(outcome, Denied):
            telemetry.count("decisions", service="intake", decision=f"token-{outcome.error}")
            return _denial(outcome)
        telemetry.count("decisions", service="intake", decision="token-issued")
        note(request, client_id=outcome.bearer.client_id)
        document = TokenDocument(
            access_token=outcome.token,
            expires_in=lifetime_seconds,
            scope=" ".join(sorted(outcome.bearer.scopes)),
        )
        return Response(document.model_dump_json(), media_type="application/json", headers=_NOT_STORED)

    return router


def _denial(denied: Denied) -> Response:
    wrong = f"{denied.wrong.name}: expected {denied.wrong.expected}." if denied.wrong else ""
    document = TokenErrorDocument(error=denied.error, error_description=wrong or _MEND[denied.error])
    challenge = {"WWW-Authenticate": 'Basic realm="intake"'} if denied.challenge else {}
    return Response(
        document.model_dump_json(),
        status_code=401 if denied.error == "invalid_client" else 400,
        media_type="application/json",
        headers={**_NOT_STORED, **challenge},
    )
