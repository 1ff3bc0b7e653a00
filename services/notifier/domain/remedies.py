"""Which remedy there is against a decision, and to whom: data of the law tables, by procedure and district."""

import re
from dataclasses import dataclass

from services.notifier.domain.deadlines.compute import Deadline
from services.notifier.domain.deadlines.law import Law, RemedyKind

_OF_A_DISTRICT = re.compile(r"[gk]-([0-9]{5})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """``court`` is known for an action, where the law tables name one for the authority's district or seat."""

    kind: RemedyKind
    court: str | None = None


def remedy_of(deadline: Deadline, authority: str, sits_in: str | None, law: Law) -> Remedy:
    """Return the remedy against what this authority decides."""
    procedural = (deadline.service.remedy if deadline.service else None) or deadline.profile.remedy
    inquiry = deadline.inquiry
    kind = law.remedy(procedural, authority=authority, service=inquiry.service, on=inquiry.received_on)
    return Remedy(kind=kind, court=_court(authority, sits_in, law) if kind == "action" else None)


def _court(authority: str, sits_in: str | None, law: Law) -> str | None:
    if (district := _OF_A_DISTRICT.match(authority)) and district[1] in law.courts:
        return law.courts[district[1]].court
    return next((court.court for court in law.courts.values() if court.seat == sits_in), None)
