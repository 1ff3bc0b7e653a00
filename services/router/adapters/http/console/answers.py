"""Answers of the console: documents that browsers do not store, outcomes of orders, and unknown cases."""

from fastapi import Response

from services.router.ports.console import OrderReported
from shared.events.payload import WireModel
from shared.web.bilingual import Bilingual
from shared.web.platform_reference import PLATFORM_REFERENCE
from shared.web.problems import Problem


class OrderOutcomeDocument(WireModel):
    """What became of the order; `pending` where no service has said so yet."""

    name: str
    outcome: str
    detail: str


def told_of_order(name: str, report: OrderReported | None) -> OrderOutcomeDocument:
    """The outcome of an order about ``name``: a dead letter, a group."""
    return OrderOutcomeDocument(
        name=name,
        outcome="pending" if report is None else report.outcome,
        detail="" if report is None else report.detail,
    )


def without_store(document: WireModel) -> Response:
    """The document as JSON."""
    return Response(
        document.model_dump_json(by_alias=True, exclude_none=True),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def no_case() -> Problem:
    """No case of this number is known here."""
    return Problem(
        404,
        "case-unknown",
        title=Bilingual(de="Nichts gefunden", en="Nothing found"),
        detail=Bilingual(
            de="Gesucht wurde nach Eingangsnummer, Antragsnummer und Vorgangsnummer. Abgeschlossene Vorgänge sind hier 32 Tage lang zu finden.",
            en="Searched by receipt number, submission id and case id. Closed cases are found here for 32 days.",
        ),
        resolution=Bilingual(
            de=f"Die Nummer prüfen; ältere Vorgänge kennt die Prüfstelle. {PLATFORM_REFERENCE.de}",
            en=f"Check the number; the audit knows older cases. {PLATFORM_REFERENCE.en}",
        ),
    )
