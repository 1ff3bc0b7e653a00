"""Who is competent, over HTTP: the same question and the same answer as `amtsweg resolve` and the routed event."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, FastAPI, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.router.domain.cases.decision_words import DecisionDocument, decision_document
from services.router.domain.decision.inquiry import BadInquiry, read_inquiry
from shared.events.competence import CompetenceDecision, Inquiry
from shared.web.app import OPEN_TO_ALL
from shared.web.bilingual import Bilingual
from shared.web.language import language_of
from shared.web.origins import asker
from shared.web.problems import Problem, too_many_requests
from shared.web.rate_limit import Rates

EXPECTED_DE: Final[Mapping[str, str]] = {
    "service": "ein LeiKa-Schlüssel mit 14 Ziffern",
    "ars": "ein Regionalschlüssel mit 12 Ziffern, oder gekürzt auf 2, 3, 5 oder 9; nur eines von ars, ags und plz",
    "ags": "ein Gemeindeschlüssel mit 8 Ziffern; nur eines von ars, ags und plz",
    "plz": "eine Postleitzahl mit 5 Ziffern; nur eines von ars, ags und plz",
    "town": "ein Name mit 1 bis 100 Zeichen, zusammen mit plz",
    "on": "ein Tag, den es gibt, als JJJJ-MM-TT",
    "choice": "die Kennung einer Stelle, zum Beispiel g-06531005",
    "road": "municipal, district, land oder federal",
}
"""What each parameter should hold; `BadInquiry` says it in English."""


class CompetenceParameters(BaseModel):
    """Raw query parameters. Unknown names are refused; `read_inquiry` reads them."""

    model_config = ConfigDict(extra="forbid")

    service: Annotated[str, Field(description="LeiKa key, 14 digits")]
    ars: Annotated[str | None, Field(description="Regionalschlüssel; may be shortened")] = None
    ags: Annotated[str | None, Field(description="Gemeindeschlüssel, 8 digits")] = None
    plz: Annotated[str | None, Field(description="postcode")] = None
    town: Annotated[str | None, Field(description="town or locality beside the postcode")] = None
    on: Annotated[str | None, Field(description="YYYY-MM-DD; today if left out")] = None
    choice: Annotated[str | None, Field(description="the authority that was chosen")] = None
    road: Annotated[
        str | None, Field(description="class of the road: municipal, district, land, federal")
    ] = None


def add_competence(
    app: FastAPI,
    *,
    decide: Callable[[Inquiry], CompetenceDecision],
    today: Callable[[], date],
    rates: Rates,
    prepare: Callable[[date], Awaitable[None]] | None = None,
) -> None:
    """Answer ``GET /v1/competence``. No authentication: the directory is open data, and the query names no person.

    ``prepare`` is awaited before ``decide`` gets an inquiry of that day.
    """

    async def admit(request: Request) -> None:
        """Apply the rate limit before the query is read: an invalid query costs as much as a valid one."""
        wait = rates.take(asker(request))
        if wait > 0:
            raise _too_many(wait)

    @app.get(
        "/v1/competence",
        tags=["competence"],
        response_model=DecisionDocument,
        openapi_extra=OPEN_TO_ALL,
        dependencies=[Depends(admit)],
    )
    async def competence(asked: Annotated[CompetenceParameters, Query()], request: Request) -> Response:
        """Which authority is competent for a service, a place and a day; or why a person has to decide."""
        try:
            inquiry = read_inquiry(asked.model_dump(), today=today())
        except BadInquiry as bad:
            raise _not_understood(bad) from bad
        if prepare is not None:
            await prepare(inquiry.on)
        document = decision_document(decide(inquiry), language_of(request))
        return Response(document.model_dump_json(by_alias=True), media_type="application/json")


def _too_many(wait: int) -> Problem:
    return too_many_requests(
        wait,
        detail=Bilingual(
            de="Von dieser Adresse oder von allen zusammen kommen mehr Anfragen, als in einer Minute beantwortet werden.",
            en="More inquiries come, from this address or in total, than are answered in a minute.",
        ),
        resolution=Bilingual(
            de="Nach den Sekunden in Retry-After noch einmal fragen; für viele Anfragen `amtsweg resolve --batch` verwenden.",
            en="Ask again after the seconds in Retry-After; for many inquiries use `amtsweg resolve --batch`.",
        ),
    )


def _not_understood(bad: BadInquiry) -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "bad-inquiry",
        title=Bilingual(de="Die Anfrage ist nicht lesbar", en="The inquiry cannot be read"),
        detail=Bilingual(
            de=f"{bad.field}: erwartet wird {EXPECTED_DE.get(bad.field, 'eine andere Angabe')}.", en=f"{bad}"
        ),
        resolution=Bilingual(
            de=f"Den Parameter {bad.field} berichtigen.", en=f"Correct the parameter {bad.field}."
        ),
    )
