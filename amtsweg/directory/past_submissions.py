"""Past submissions before a change: from a file of inquiries, else from the bus."""

from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from amtsweg.batch import BadRow, rows
from amtsweg.bus import operator_address
from amtsweg.directory.traffic import Diverted, diverted, submissions
from services.router.domain.decision.inquiry import BadInquiry, read_inquiry
from services.router.domain.directory.model import Directory
from shared.events.competence import Inquiry


async def past_submissions(
    recorded: Path | None, *, old: Directory, new: Directory, bus: bool
) -> list[Diverted]:
    """What a change would have diverted: among recorded inquiries, else among the submissions on the bus."""
    if recorded is not None:
        return await diverted(_one_by_one(_recorded(recorded)), old=old, new=new)
    return await diverted(submissions(operator_address()), old=old, new=new) if bus else []


async def _one_by_one(inquiries: Iterable[Inquiry]) -> AsyncIterator[Inquiry]:
    for inquiry in inquiries:
        yield inquiry


def _recorded(path: Path) -> Iterator[Inquiry]:
    for row in rows(path):
        try:
            yield read_inquiry(row.fields, today=datetime.now(UTC).date())
        except (BadInquiry, BadRow) as error:
            raise BadInquiry(f"line {row.number}, {error.field}", str(error)) from error
