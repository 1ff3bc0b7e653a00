"""The audit service as a process that a test may kill: the real parts, on topics of the test's own.

python -m tests.support.audit_process SETTINGS.json
"""

import asyncio
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import uvloop
from pydantic import TypeAdapter

from services.audit.adapters.postgres import MIGRATIONS, SCHEMA
from services.audit.app import assemble
from services.audit.consumer import sequencing
from services.audit.domain.policy import parse_policy
from services.audit.settings import Settings
from shared.engine import KafkaToPostgres
from shared.events.topics import SUBMISSION_ROUTED
from shared.kafka.client import KafkaAddress
from shared.postgres import migrations
from shared.postgres.pool import open_pool
from shared.service import run as service
from shared.settings import KafkaConnection, PostgresConnection
from shared.telemetry import logs
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from tests.support.audit import KNOWN_EVENTS, LOG_KEY, LOG_KEY_PQ, ORIGIN, SECRECY
from tests.support.auditors import auditors


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the test's broker, database and folder are; ``policy`` names the witnesses that must cosign."""

    bootstrap: str
    username: str
    password: str
    postgres: str
    topic: str
    dead_letters: str
    group: str
    instance: str
    folder: str
    policy: str = "quorum none\n"
    batch_size: int = 200
    publish_every_ms: int = 50


def _settings(around: Surroundings) -> Settings:
    unused = Path(__file__)
    return Settings(
        kafka=KafkaConnection(bootstrap="127.0.0.1:9", security_protocol="PLAINTEXT"),
        postgres=PostgresConnection(url="postgresql://127.0.0.1/unused"),
        tile_folder=Path(around.folder),
        log_origin=ORIGIN,
        log_key_file=unused,
        pseudonym_key_file=unused,
        publish_interval=timedelta(milliseconds=around.publish_every_ms),
    )


def _address(around: Surroundings) -> KafkaAddress:
    return KafkaAddress(
        bootstrap=around.bootstrap,
        security_protocol="SASL_PLAINTEXT",
        username=around.username,
        password=around.password,
    )


async def main(around: Surroundings) -> int:
    settings = _settings(around)
    health, telemetry = Health(), Telemetry()
    await migrations.upgrade(around.postgres, schema=SCHEMA, folder=MIGRATIONS)
    pool = await open_pool(around.postgres, schema=SCHEMA)
    topics = [replace(SUBMISSION_ROUTED, name=around.topic)]
    made = assemble(
        settings,
        pool=pool,
        secrecy=SECRECY,
        keys=[LOG_KEY, LOG_KEY_PQ],
        readers=auditors({}),
        policy=parse_policy(around.policy.encode()),
        health=health,
        telemetry=telemetry,
        topics=topics,
    )
    await made.log.found(KNOWN_EVENTS)
    plan = replace(
        sequencing(settings, topics=topics),
        group=around.group,
        dead_letters=around.dead_letters,
        instance=around.instance,
        batch_size=around.batch_size,
    )
    sequencer = KafkaToPostgres(
        plan, made.projection, address=_address(around), pool=pool, health=health, telemetry=telemetry
    )
    try:
        return await service.run({"sequencer": sequencer, "checkpoints": made.publisher})
    finally:
        await made.reading.close()


if __name__ == "__main__":
    logs.configure("audit")
    arguments = TypeAdapter(Surroundings).validate_json(Path(sys.argv[1]).read_bytes())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(main(arguments)))
