"""How far an inbox may be confirmed for an authority whose clerks answer on the page and whose software does not confirm."""

from collections.abc import Callable, Iterable
from typing import Final
from uuid import UUID

from services.router.domain.cases.custody import Holding
from services.router.domain.cases.inbox import InboxRecord
from services.router.domain.cases.transitions import UNANSWERED
from shared.events.custody import CustodyState

WAITING: Final[frozenset[CustodyState]] = frozenset({*UNANSWERED, "supplemented"})
"""States in which the authority has not answered since the last delivery."""

SETTLED_MS: Final = 60 * 60 * 1000
"""After this time the view of custody includes a record; if custody then shows another holder or none, it is done."""


def confirmable(
    records: Iterable[InboxRecord], *, held: Callable[[UUID], Holding | None], now_ms: int
) -> int | None:
    """The offset before which every record is done; None if the first one still waits."""
    place = None
    for record in records:
        if not _is_done(record, held=held, now_ms=now_ms):
            break
        place = record.offset + 1
    return place


def _is_done(record: InboxRecord, *, held: Callable[[UUID], Holding | None], now_ms: int) -> bool:
    try:
        custody = held(UUID(record.header("ce_caseid").decode()))
    except ValueError:
        custody = None
    if custody is not None and custody.authority == record.authority:
        return custody.standing not in WAITING
    return now_ms - record.written_ms > SETTLED_MS
