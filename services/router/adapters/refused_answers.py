"""The console's view of answers without effect: the last days of ``case.updated.v1``, followed without a group."""

import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from services.router.adapters.recent_records import RecentRecords
from shared.case_history.lines import HistoryLine, line
from shared.events.case import AnswerRefused
from shared.events.envelope import Undecodable, decode, event_type
from shared.events.topics import CASE_UPDATED
from shared.kafka.client import KafkaAddress
from shared.kafka.records import Record
from shared.telemetry.health import Condition

DAYS_BACK: Final = 14
_MOST: Final = 10_000
_REFUSED: Final = ("ce_type", event_type(AnswerRefused).encode())


class FollowedRefusals(RecentRecords[HistoryLine]):
    """`services.router.ports.console.RefusedAnswers`; ``run`` keeps it up to date."""

    def __init__(
        self, address: KafkaAddress, *, condition: Condition, seconds: Callable[[], float] = time.time
    ) -> None:
        super().__init__(address, topic=CASE_UPDATED.name, days=DAYS_BACK, most=_MOST, condition=condition)
        self._seconds = seconds

    def refused(self) -> Sequence[HistoryLine]:
        since = self._seconds() - DAYS_BACK * 86_400
        return sorted(
            (each for each in self._known() if each.at.timestamp() >= since),
            key=lambda each: each.at,
            reverse=True,
        )

    def _read(self, record: Record) -> HistoryLine | None:
        return refusal_in(record)


def refusal_in(record: Record) -> HistoryLine | None:
    """The line of an answer without effect, if the record tells of one that can be read."""
    if _REFUSED not in record.headers:
        return None
    try:
        return line(decode(record.value, record.headers, CASE_UPDATED.payloads))
    except Undecodable as error:
        structlog.get_logger().error("refusal not read", part="refusals", error=error)
        return None
