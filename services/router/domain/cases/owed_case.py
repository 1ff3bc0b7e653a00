"""What a clerk's list says of a case that their authority has on its desk."""

from dataclasses import dataclass
from datetime import datetime

from services.router.domain.cases.custody import Holding


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedCase(Holding):
    """A case for which the authority owes an answer, or may owe a certificate: it is deemed approved.

    ``since`` is when its standing changed last, ``supplements`` how many were handed in to it, ``delivered``
    when it and then they were put into the inbox.
    """

    receipt_number: str
    received_at: datetime
    service: str
    since: datetime
    supplements: int = 0
    delivered: tuple[datetime, ...] = ()
