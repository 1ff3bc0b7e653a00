"""How far an inbox is done with, where clerks answer at the page and no software confirms. Pure; no I/O, no clock."""

from collections.abc import Callable, Iterable
from typing import Final
from uuid import UUID

from services.router.domain.cases.custody import Holding
from services.router.domain.cases.inbox import InboxRecord
from services.router.domain.cases.transitions import UNANSWERED
from shared.events.custody import CustodyState

WAITING: Final[frozenset[CustodyState]] = frozenset({*UNANSWERED, "supplemented"})
"""The authority has not said anything since this came."""

SETTLED_MS: Final = 60 * 60 * 1000
"""So old, a record that custody shows elsewhere, or not at all, is no news that the view has not heard of."""


def confirmable(
    records: Iterable[InboxRecord], *, held: Callable[[UUID], Holding | None], now_ms: int
) -> int | None:
    """The place before which everything is done with; None where the first record still waits."""
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
