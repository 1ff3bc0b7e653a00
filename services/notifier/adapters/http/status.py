"""How fast messages are handed over: published, as GOV.UK Notify does; figures only, no personal data."""

from http import HTTPStatus
from typing import Annotated

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from services.notifier.adapters.postgres.shares import Shares
from shared.errors import Unavailable
from shared.web.app import OPEN_TO_ALL
from shared.web.bilingual import Bilingual
from shared.web.described import described
from shared.web.problems import Problem

_Wire = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class ShareShown(BaseModel):
    """The share of one channel and kind."""

    model_config = _Wire

    channel: str
    kind: str
    sent: int
    within_ten_seconds: Annotated[float, Field(ge=0, le=1, description="share from 0 to 1")]


class StatusShown(BaseModel):
    """All shares, and over how many days they were counted."""

    model_config = _Wire

    days: int
    shares: list[ShareShown]


def add_status(app: FastAPI, *, shares: Shares, days: int) -> None:
    """Answer ``GET /v1/status``."""

    @app.get("/v1/status", tags=["status"], responses=described(503), openapi_extra=OPEN_TO_ALL)
    async def status() -> StatusShown:
        """Which share of messages was handed over within ten seconds, by channel and kind."""
        try:
            found = await shares.now()
        except Unavailable as away:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "store-away",
                title=Bilingual(de="Der Bestand ist nicht erreichbar", en="The store is away"),
                detail=Bilingual(
                    de="Die Zahlen lassen sich gerade nicht ermitteln.",
                    en="The figures cannot be counted now.",
                ),
                resolution=Bilingual(
                    de="Nach den Sekunden in Retry-After noch einmal fragen.",
                    en="Ask again after the seconds in Retry-After.",
                ),
                headers={"Retry-After": "30"},
            ) from away
        shown = [
            ShareShown(
                channel=share.channel,
                kind=share.kind,
                sent=share.sent,
                within_ten_seconds=share.in_time / share.sent,
            )
            for share in found
        ]
        return StatusShown(days=days, shares=shown)
