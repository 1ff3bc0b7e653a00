"""The custody of an erased case."""

from datetime import datetime

from services.router.domain.cases.placed_again import REMEMBERED
from shared.events.custody import CaseHeld
from shared.events.envelope import Event
from shared.events.erasure import EraseOrdered


def erased(custody: CaseHeld, cause: Event[EraseOrdered], *, now: datetime) -> CaseHeld:
    """The custody after the erasure: that there was a case, and nothing that identifies a person."""
    blank = {
        "receipt_number": "-",
        "client_reference_hash": None,
        "content_hash": f"hmac-sha256:{'0' * 64}",
    }
    return CaseHeld(
        submission_id=custody.submission_id,
        receipt=custody.receipt.model_copy(update=blank),
        standing="erased",
        since=custody.since if custody.standing == "erased" else now,
        applied=(*custody.applied, cause.id)[-REMEMBERED:],
        applied_at=now,
    )
