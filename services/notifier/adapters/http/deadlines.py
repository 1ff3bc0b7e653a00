"""Statutory periods over HTTP: the same question and the same answer as `amtsweg deadline --json`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from services.notifier.domain.deadlines.compute import compute
from services.notifier.domain.deadlines.explain import document
from services.notifier.domain.deadlines.inquiry import CHANNELS, BadDeadlineInquiry, read_deadline_inquiry
from services.notifier.domain.deadlines.law import Law
from shared.web.app import OPEN_TO_ALL
from shared.web.bilingual import Bilingual
from shared.web.problems import Problem

EXPECTED_DE: Final[Mapping[str, str]] = {
    "service": "ein LeiKa-Schlüssel mit 14 Ziffern, für den an diesem Tag ein Profil bekannt ist; oder profile, nicht beides",
    "profile": "der Name eines Profils, das an diesem Tag gilt; nur ohne service",
    "receivedAt": "ein Zeitpunkt nach ISO 8601 oder ein Tag als JJJJ-MM-TT, dessen Frist sich berechnen lässt",
    "via": "single-contact oder authority",
    "supplementsReceivedAt": "Zeitpunkte oder Tage wie in receivedAt, keiner davor",
    "extendedByMonths": "eine ganze Zahl von Monaten, so viele, wie das Profil erlaubt",
    "complete": "true oder false",
    "sentAt": "ein Zeitpunkt oder Tag wie in receivedAt, nicht davor, dessen Frist sich berechnen lässt",
    "sentBy": f"eines von {', '.join(CHANNELS)}, mit einer Regel für diesen Tag; nur zusammen mit sentAt",
    "retrievedAt": "ein Zeitpunkt oder Tag, nicht vor sentAt; nur mit portal in sentBy",
}
"""What each parameter should hold; `BadDeadlineInquiry` says it in English."""

_Wire = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class AskedDeadline(BaseModel):
    """The parameters as they are sent; `read_deadline_inquiry` understands them."""

    model_config = _Wire

    service: Annotated[str | None, Field(description="LeiKa key, 14 digits")] = None
    profile: Annotated[str | None, Field(description="name of a legal profile, instead of a service")] = None
    received_at: Annotated[str | None, Field(description="instant or day of receipt, ISO 8601")] = None
    via: Annotated[str | None, Field(description="single-contact (if left out) or authority")] = None
    supplements_received_at: Annotated[
        str | None, Field(description="when the last missing document arrived")
    ] = None
    extended_by_months: Annotated[int | None, Field(description="length of the extension")] = None
    complete: Annotated[bool | None, Field(description="false while documents are missing")] = None
    sent_at: Annotated[str | None, Field(description="when a decision was sent or provided")] = None
    sent_by: Annotated[
        str | None, Field(description="letter, letter-abroad, email, mailbox, portal or handed-over")
    ] = None
    retrieved_at: Annotated[str | None, Field(description="when it was retrieved from the portal")] = None


class StepShown(BaseModel):
    """One step of the computation, in German, with the paragraph that asks for it."""

    model_config = _Wire

    day: str | None
    paragraph: str
    text: str


class DeadlineShown(BaseModel):
    """A deadline; days as YYYY-MM-DD, null where there is none."""

    model_config = _Wire

    deemed_received: str
    raw_end: str | None
    period_ends: str | None
    fiction_from: str | None
    last_safe_dispatch: Annotated[
        str | None, Field(description="to somebody in Germany, by the slowest rule")
    ]
    earliest_reading: Annotated[str | None, Field(description="last dispatch by the strictest reading")]
    last_safe_dispatch_by: Annotated[dict[str, str], Field(description="by channel")]
    announced_on: Annotated[
        str | None, Field(description="only with sentAt; null: not announced, as nobody retrieved it in time")
    ] = None
    in_time: Annotated[
        bool | None, Field(description="only with sentAt: whether that is within the period")
    ] = None
    remedy_until: Annotated[
        str | None, Field(description="only with sentAt: last day for objection or action")
    ] = None
    profile: str
    deemed: str
    only_for: Annotated[str | None, Field(description="the cases that the fiction covers, if not all")]
    legal_basis: str | None
    source: str
    verified: bool
    steps: list[StepShown]


def add_deadlines(app: FastAPI, *, law: Law) -> None:
    """Answer ``GET /v1/deadlines``. No authentication: the law is public, and the query names no person."""

    @app.get(
        "/v1/deadlines", tags=["deadlines"], openapi_extra=OPEN_TO_ALL, response_model_exclude_unset=True
    )
    async def deadlines(asked: Annotated[AskedDeadline, Query()]) -> DeadlineShown:
        """When a period begins and ends, what follows from silence, and when the last safe dispatch is."""
        try:
            found = compute(read_deadline_inquiry(asked.model_dump(by_alias=True)), law)
        except BadDeadlineInquiry as bad:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "bad-inquiry",
                title=Bilingual(de="Die Anfrage ist nicht lesbar", en="The inquiry cannot be read"),
                detail=Bilingual(
                    de=f"{bad.field}: erwartet wird {EXPECTED_DE.get(bad.field, 'eine andere Angabe')}.",
                    en=f"{bad}",
                ),
                resolution=Bilingual(
                    de=f"Den Parameter {bad.field} berichtigen.", en=f"Correct the parameter {bad.field}."
                ),
            ) from bad
        return DeadlineShown.model_validate(document(found, law))
