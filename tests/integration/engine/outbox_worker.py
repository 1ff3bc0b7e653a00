"""A worker process that says on the bus what it has committed; told to hold, it publishes nothing, so that it can die in between."""

import asyncio
import json
import sys
from typing import Any

from shared.engine import KafkaToPostgres, Plan
from shared.kafka.client import KafkaAddress
from shared.kafka.publisher import Publisher
from shared.kafka.records import Message
from shared.postgres.outbox import OutboxPublisher, enqueue
from shared.postgres.pool import open_pool
from shared.service import run as service
from shared.telemetry import logs
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from tests.integration.engine.steps import Effects


class Telling(Effects):
    """Each record is a row, and a message of the same key and value."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self._target = target

    async def apply(self, connection: Any, records: Any) -> None:
        await super().apply(connection, records)
        told = (Message(self._target, each.key or b"", each.value) for each in records)
        await enqueue(connection, *told)


class HeldPublisher(Publisher):
    """What it is given never reaches Kafka."""

    async def publish(self, *_: Any, **__: Any) -> None:
        await asyncio.Event().wait()


async def main(given: dict[str, Any]) -> int:
    address, health, telemetry = KafkaAddress(**given["kafka"]), Health(), Telemetry()
    async with await open_pool(given["postgres"], schema="service") as pool:
        publisher = (HeldPublisher if given["hold"] else Publisher)(address, health=health)
        outbox = OutboxPublisher(pool, publisher, schema="service", health=health, telemetry=telemetry)
        projecting = KafkaToPostgres(
            Plan(
                group=given["group"],
                inputs=(given["source"],),
                dead_letters=given["dead"],
                instance=given["instance"],
            ),
            Telling(given["target"]),
            address=address,
            pool=pool,
            health=health,
            telemetry=telemetry,
        )
        return await service.run({"publisher": publisher, "outbox": outbox, "projecting": projecting})


if __name__ == "__main__":
    logs.configure("worker", level="WARNING")
    sys.exit(asyncio.run(main(json.loads(sys.argv[1]))))
