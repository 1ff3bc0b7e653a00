"""What a clerk's list says of a case that their authority holds."""

from dataclasses import dataclass
from datetime import datetime

from services.router.domain.cases.custody import Holding


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedCase(Holding):
    """A case for which the authority owes an answer; ``since`` is when its standing changed last."""

    receipt_number: str
    received_at: datetime
    service: str
    since: datetime
