"""Intake's consumer: turns events into lines of histories."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from services.intake.adapters.postgres.projection import project
from services.intake.settings import Settings
from shared.engine import Plan
from shared.events.envelope import decode
from shared.events.topic_names import dead_letter_topic, sealed_dead_letter_topic
from shared.events.topics import CASE_MESSAGE, consumed_by
from shared.kafka.records import Record
from shared.postgres.pool import Connection

GROUP: Final = "intake"
TOPICS: Final = {topic.name: topic.payloads for topic in consumed_by("intake")}

_BATCH_WAIT: Final = timedelta(milliseconds=100)


class HistoryProjection:
    """Implements `shared.engine.Projector`."""

    async def apply(self, connection: Connection, records: Sequence[Record]) -> None:
        """Add one history line per record, and delete the messages that tombstones name.

        Raises:
            Undecodable: one of the records is not an event of its topic.
        """
        taken_away = [record for record in records if _takes_away(record)]
        events = [
            decode(record.value, record.headers, TOPICS[record.topic])
            for record in records
            if not _takes_away(record)
        ]
        await project(connection, events, taken_away)


def _takes_away(record: Record) -> bool:
    """Whether the record is a tombstone of an authority's message, which was read or erased."""
    return record.topic == CASE_MESSAGE.name and record.value is None and record.fault is None


def projecting(settings: Settings) -> Plan:
    """The plan: one task reads all topics; a second replica stands by."""
    return Plan(
        group=GROUP,
        inputs=tuple(TOPICS),
        dead_letters=dead_letter_topic(GROUP),
        sealed_dead_letters=sealed_dead_letter_topic(GROUP),
        # The feed is one sequence: parallel tasks would only wait for each other.
        single_task=True,
        instance=settings.instance,
        batch_wait=_BATCH_WAIT,
    )
