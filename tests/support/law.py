"""The law of Hessen, read once, and questions to it."""

from functools import cache

from amtsweg.directory.folder import shipped
from services.notifier.adapters.law_files import open_law
from services.notifier.domain.deadlines.compute import Deadline, compute
from services.notifier.domain.deadlines.inquiry import read_deadline_inquiry
from services.notifier.domain.deadlines.law import Law

FICTION = "three-months-deemed-approval"
CONFIRMATION = "three-days-confirmation"


@cache
def hessian_law() -> Law:
    return open_law(shipped())


def deadline_of(received: str, profile: str = FICTION, **fields: object) -> Deadline:
    return compute(
        read_deadline_inquiry({"profile": profile, "receivedAt": received, **fields}), hessian_law()
    )
