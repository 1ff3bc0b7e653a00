"""The operator's way onto the bus: his login from the environment, else from the running local stack."""

import os
from collections.abc import Iterable
from typing import Final

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic_settings import BaseSettings, SettingsConfigDict

from amtsweg.stack.description import StackDescription
from shared.runtime.kafka import KafkaAddress, reader
from shared.runtime.records import Record, consumed
from shared.runtime.settings import KafkaConnection, read_secret

_QUIET_MS: Final = 1000


class _Environment(BaseSettings):
    """``AMTSWEG_KAFKA__BOOTSTRAP``, ``__USERNAME``, ``__PASSWORD_FILE``: an installation's own operator."""

    model_config = SettingsConfigDict(env_prefix="AMTSWEG_", env_nested_delimiter="__", extra="ignore")

    kafka: KafkaConnection


def operator_address() -> KafkaAddress:
    """Where Kafka is, as the operator; ends the command with a hint where it cannot be told."""
    if "AMTSWEG_KAFKA__BOOTSTRAP" in os.environ:
        given = _Environment().kafka
        return KafkaAddress(
            bootstrap=given.bootstrap,
            security_protocol=given.security_protocol,
            username=given.username,
            password=read_secret(given.password_file) if given.password_file else None,
            ca_file=given.ca_file,
        )
    try:
        kafka = StackDescription.read().kafka
    except FileNotFoundError:
        typer.echo(
            "Kein laufender Stapel unter var/: starten Sie ihn mit `amtsweg up`, oder setzen Sie "
            "AMTSWEG_KAFKA__BOOTSTRAP, AMTSWEG_KAFKA__USERNAME und AMTSWEG_KAFKA__PASSWORD_FILE.",
            err=True,
        )
        raise typer.Exit(2) from None
    return KafkaAddress(
        bootstrap=kafka.bootstrap,
        security_protocol=kafka.security_protocol,
        username=kafka.operator.username,
        password=kafka.operator.password,
    )


async def read_to_end(address: KafkaAddress, topics: Iterable[str]) -> list[Record]:
    """Every committed record of the topics, as far as they reach now, in order per partition."""
    async with reader(address) as consumer:
        partitions = await all_partitions(consumer, topics)
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[Record] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            batches = await consumer.getmany(timeout_ms=_QUIET_MS)
            if not batches:
                break  # what remains are aborted records and markers, which are never shown
            found += [consumed(record) for batch in batches.values() for record in batch]
        return found


async def all_partitions(consumer: AIOKafkaConsumer, topics: Iterable[str]) -> list[TopicPartition]:
    """The partitions of the topics; one that does not exist has none."""
    known = {topic: consumer.partitions_for_topic(topic) for topic in await consumer.topics()}
    return [TopicPartition(topic, number) for topic in topics for number in sorted(known.get(topic) or ())]
