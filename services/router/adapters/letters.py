"""The console's view of dead letters: the unsettled ones, and the outcomes of orders about them."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from services.router.domain.cases.letter import OpenLetter
from shared.errors import Unavailable
from shared.events.operation import RecordPlace
from shared.events.topic_names import DEAD_LETTER_PARTITIONS, DEAD_LETTER_TOPICS
from shared.kafka.client import KafkaAddress
from shared.kafka.dead_letters import OrderReport, Settlements, is_letter, letter_name, origin, reported
from shared.kafka.following import TopicRound, follow_records, seek_first
from shared.kafka.operator_orders import GroupOrder, ordered, send_orders
from shared.kafka.records import Record
from shared.telemetry.health import Condition

SOURCE: Final = "urn:amtsweg:console"
_ROUND_MS: Final = 250
_WAIT_SECONDS: Final = 8.0
_REMEMBERED: Final = 1000
_PARTITIONS: Final = [
    TopicPartition(name, n) for name in DEAD_LETTER_TOPICS for n in range(DEAD_LETTER_PARTITIONS)
]


@dataclass(frozen=True, slots=True)
class _Key:
    group: str
    place: str


class FollowedLetters:
    """`services.router.ports.console.OpenLetters` over the dead-letter topics of all groups; ``run`` keeps it up to date."""

    def __init__(self, address: KafkaAddress, *, condition: Condition) -> None:
        self._address = address
        self._condition = condition
        self._open: dict[_Key, OpenLetter] = {}
        self._settlements = Settlements()
        self._reports: OrderedDict[str, OrderReport] = OrderedDict()
        self._changed = asyncio.Condition()
        self._built = False

    def unsettled(self) -> Mapping[str, OpenLetter]:
        if not self._built:
            raise Unavailable("dead letters: the view is being built; try again")
        return {letter.name: letter for letter in self._open.values()}

    async def order(self, order: GroupOrder) -> OrderReport | None:
        event = ordered(order, source=SOURCE)
        await send_orders(self._address, [event])
        try:
            async with asyncio.timeout(_WAIT_SECONDS), self._changed:
                while (told := self._reports.get(str(event.id))) is None:
                    await self._changed.wait()
                return told
        except TimeoutError:
            return None

    async def run(self) -> None:
        """Follow until cancelled; after a failure the view is built anew."""
        await follow_records(self._address, self, round_ms=_ROUND_MS)

    async def begin(self, consumer: AIOKafkaConsumer) -> None:
        await seek_first(consumer, _PARTITIONS)

    async def take(self, round_: TopicRound) -> None:
        async with self._changed:
            for record in round_.records:
                self._take(record)
            self._changed.notify_all()
        if round_.complete and not self._built:
            self._built = True
            self._condition.set("ready")

    async def lost(self, failure: Exception) -> None:
        self._built, self._open, self._settlements = False, {}, Settlements()
        self._condition.set("degraded", reason=f"dead letters cannot be read: {type(failure).__name__}")

    def _take(self, record: Record) -> None:
        group = DEAD_LETTER_TOPICS[record.topic]
        try:
            if (told := reported(record)) is not None:
                self._reports[told.order] = told
                while len(self._reports) > _REMEMBERED:
                    self._reports.popitem(last=False)
            if is_letter(record):
                self._take_letter(_letter(group, record))
            elif (done := self._settlements.note(record)) is not None:
                self._take_letter(self._open.pop(_Key(group, done), None))
        except (ValueError, KeyError) as error:
            structlog.get_logger().error("dead letter not read", part="letters", error=error)

    def _take_letter(self, letter: OpenLetter | None) -> None:
        if letter is None:
            return
        place = str(letter.place)
        if not self._settlements.covers(letter.group, place, since_ms=letter.since_ms):
            self._open[_Key(letter.group, place)] = letter


def _letter(group: str, record: Record) -> OpenLetter:
    came = origin(record.headers)
    return OpenLetter(
        name=letter_name(record.topic, record.offset),
        group=group,
        place=RecordPlace(topic=came.topic, partition=came.partition, offset=came.offset),
        kind=came.kind,
        reason=came.reason,
        attempts=came.attempts,
        since_ms=came.first_failure_ms,
        length=came.length,
        digest=came.digest,
        case=dict(came.headers).get("ce_caseid", b"").decode(errors="replace")[:36] or None,
        software=came.software,
    )
