"""How long a router takes to open where there are thousands of authorities, and to write to each of them once.

Prints a line of JSON. `router to itself` and `to all inboxes` are seconds from the start of the engine to the first committed
record and to the last, of one record for each inbox.
"""

import argparse
import asyncio
import logging
import time
from collections.abc import Sequence

import structlog
from aiokafka.structs import TopicPartition

from amtsweg.stack.kafka import Kafka
from benchmarks.engine import BATCH, PARTITIONS, ROUTED, Step, Topics, fill
from benchmarks.support.surroundings import own_kafka, tell
from shared.engine import KafkaToKafka, Plan, State
from shared.kafka.client import reader
from shared.kafka.output_topics import OutputTopics
from shared.kafka.records import Message, Record
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry


class EveryInbox(Step):
    """The n-th record goes to the n-th inbox."""

    def on_record(self, record: Record, state: State) -> Sequence[Message]:
        key = record.key or b""
        state.put(key.decode(), b"{}")
        inbox = self._topics.inboxes[int(key)]
        return (Message(inbox, key, record.value), Message(self._topics.routed, key, ROUTED))


async def measure(kafka: Kafka, *, authorities: int) -> dict[str, object]:
    """Seconds to the first committed record, and to the last."""
    address = kafka.endpoint.address()
    topics = Topics(kafka, authorities)
    await fill(address, topics, authorities)
    engine = KafkaToKafka(
        Plan(
            group=topics.group,
            inputs=(topics.source,),
            dead_letters=topics.dead,
            state_topic=topics.state,
            batch_size=BATCH,
        ),
        EveryInbox(topics),
        address=address,
        outputs=OutputTopics([topics.routed, *topics.inboxes]),
        health=Health(),
        telemetry=Telemetry(),
    )
    async with reader(address) as seen:
        seen.assign([TopicPartition(topics.routed, n) for n in range(PARTITIONS)])
        began, count, first = time.perf_counter(), 0, 0.0
        running = asyncio.ensure_future(engine.run())
        try:
            while count < authorities:
                count += sum(map(len, (await seen.getmany(timeout_ms=100)).values()))
                first = first or (time.perf_counter() - began if count else 0.0)
                if running.done():
                    await running
        finally:
            running.cancel()
            await asyncio.wait({running})
    return {
        "authorities": authorities,
        "to the first": round(first, 2),
        "to all inboxes": round(time.perf_counter() - began, 2),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--authorities", type=int, default=4500)
    chosen = options.parse_args()
    logging.disable(logging.ERROR)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with own_kafka() as kafka:
        tell(__doc__, asyncio.run(measure(kafka, authorities=chosen.authorities)))


if __name__ == "__main__":
    main()
