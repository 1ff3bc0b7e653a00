"""What a platform asks for here and another process answers: who is competent."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from services.intake.adapters.http.problems import problem
from shared.web.app import OPEN_TO_ALL
from shared.web.described import Responses, described

_LEADS_ON: Responses = {307: {"description": "The doors answer; the address is in Location."}}


def competence_routes(*, doors_url: str | None) -> APIRouter:
    """``/v1/competence``, which leads to the doors at this base URL; 404 where none is known."""
    router = APIRouter(tags=["competence"])

    @router.get(
        "/v1/competence",
        status_code=307,
        response_class=RedirectResponse,
        responses={**_LEADS_ON, **described(404)},
        openapi_extra=OPEN_TO_ALL,
    )
    async def competence(request: Request) -> RedirectResponse:
        """Which authority is competent for a service, a place and a day; follow the redirect (``curl -L``)."""
        if doors_url is None:
            raise problem("not-found", request)
        return RedirectResponse(f"{doors_url}/v1/competence?{request.url.query}", status_code=307)

    return router
