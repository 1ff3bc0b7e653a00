"""A worker process for fault tests: both engines in a chain, transactions kept open long enough to be hit."""

import asyncio
import json
import sys
from typing import Any

from aiokafka import AIOKafkaProducer

from shared.engine import KafkaToKafka, KafkaToPostgres, Plan
from shared.kafka.client import KafkaAddress
from shared.kafka.output_topics import OutputTopics
from shared.postgres.pool import open_pool
from shared.service import run as service
from shared.telemetry import logs
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from tests.integration.engine.steps import Effects, counting

COMMIT_DELAY_SECONDS = 0.05


class SlowEffects(Effects):
    async def apply(self, connection: Any, records: Any) -> None:
        await super().apply(connection, records)
        await asyncio.sleep(COMMIT_DELAY_SECONDS)


async def main(given: dict[str, Any]) -> int:
    address = KafkaAddress(**given["kafka"])
    health, telemetry = Health(), Telemetry()
    commit = AIOKafkaProducer.commit_transaction

    async def late(producer: AIOKafkaProducer) -> None:
        await asyncio.sleep(COMMIT_DELAY_SECONDS)
        await commit(producer)

    AIOKafkaProducer.commit_transaction = late
    transforming = KafkaToKafka(
        Plan(
            group=given["group"],
            inputs=(given["source"],),
            dead_letters=given["dead"],
            state_topic=given["state"],
            batch_size=20,
            instance=given["instance"],
        ),
        counting(given["target"]),
        address=address,
        outputs=OutputTopics([given["target"]]),
        health=health,
        telemetry=telemetry,
    )
    async with await open_pool(given["postgres"], schema="service") as pool:
        projecting = KafkaToPostgres(
            Plan(
                group=given["group"] + "-rows",
                inputs=(given["target"],),
                dead_letters=given["dead"],
                instance=given["instance"],
            ),
            SlowEffects(),
            address=address,
            pool=pool,
            health=health,
            telemetry=telemetry,
        )
        return await service.run({"transforming": transforming, "projecting": projecting})


if __name__ == "__main__":
    logs.configure("worker", level="WARNING")
    sys.exit(asyncio.run(main(json.loads(sys.argv[1]))))
