"""What intake makes of a history: facts of receipt, the current status, the end."""

from collections.abc import Iterable

from shared.case_history.lines import HistoryLine
from shared.events.envelope import Event
from shared.events.payload import Payload
from shared.events.submission import Receipt

_HANDED_ON = frozenset({"returned", "forwarded"})
_ENDS = frozenset({"granted", "refused", "deemed-approved", "withdrawn", "erase-ordered"})
_STAGES = {
    "received": 0,
    "returned": 1,
    "forwarded": 1,
    "parked": 1,
    "routed": 1,
    "fetched": 1,
    "accepted": 2,
    "information-requested": 2,
    "supplemented": 2,
    "withdrawn": 3,
    "granted": 3,
    "refused": 3,
    "deemed-approved": 3,
}


def receipt_of(event: Event[Payload]) -> Receipt | None:
    """The facts of receipt that the event repeats, or None; any one of them restores what is known of the case."""
    receipt: Receipt | None = getattr(event.data, "receipt", None)
    return receipt


def is_closed(lines: Iterable[HistoryLine]) -> bool:
    """Whether the case has ended according to these lines."""
    return any(each.code in _ENDS for each in lines)


def status(lines: Iterable[HistoryLine]) -> HistoryLine:
    """The line with the current status of the case: the furthest stage, and within it the latest.

    Topics are read independently, so that an acceptance may be read before its routing. Therefore the stage counts
    before the instant, and the instant before the order of reading. Messages and refused answers do not change the
    status. When an authority hands the case on, its earlier answers no longer count.
    """
    staged = [each for each in lines if each.code in _STAGES]
    handed_on = max((each.at for each in staged if each.code in _HANDED_ON), default=None)
    if handed_on is not None:
        staged = [each for each in staged if each.at >= handed_on]
    return max(reversed(staged), key=lambda each: (_STAGES[each.code], each.at))
