"""A line of a clerk's list of open cases."""

from dataclasses import dataclass
from datetime import datetime

from services.router.domain.cases.custody import Holding


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedCase(Holding):
    """A case for which the authority owes an answer, or, if it is deemed approved, may owe a certificate.

    ``since`` is when its standing last changed, ``supplements`` the number of supplements, ``delivered`` when the case
    and then each supplement was written to the inbox.
    """

    receipt_number: str
    received_at: datetime
    service: str
    since: datetime
    supplements: int = 0
    delivered: tuple[datetime, ...] = ()
