"""How the console answers: documents that nobody stores, and what became of an order."""

from fastapi import Response

from services.router.ports.console import OrderReported
from shared.events.payload import WireModel


class OrderOutcomeDocument(WireModel):
    """What became of the order; `pending` where no service has said so yet."""

    name: str
    outcome: str
    detail: str


def told_of_order(name: str, report: OrderReported | None) -> OrderOutcomeDocument:
    """``name`` is what the order was about: a dead letter, a group."""
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
