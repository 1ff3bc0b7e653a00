"""The operator's way onto the bus: his login from the environment, else from the running local stack."""

import os
from collections.abc import Iterable

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic_settings import BaseSettings, SettingsConfigDict

from amtsweg.stack.description import StackDescription
from shared.runtime.kafka import KafkaAddress, reader
from shared.runtime.reading import read_to_end
from shared.runtime.records import Record
from shared.runtime.settings import KafkaConnection


class _Environment(BaseSettings):
    """``AMTSWEG_KAFKA__BOOTSTRAP``, ``__USERNAME``, ``__PASSWORD_FILE``: an installation's own operator."""

    model_config = SettingsConfigDict(env_prefix="AMTSWEG_", env_nested_delimiter="__", extra="ignore")

    kafka: KafkaConnection


def operator_address() -> KafkaAddress:
    """Where Kafka is, as the operator; ends the command with a hint where it cannot be told."""
    if "AMTSWEG_KAFKA__BOOTSTRAP" in os.environ:
        return KafkaAddress.of(_Environment().kafka)
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


async def everything(address: KafkaAddress, topics: Iterable[str]) -> list[Record]:
    """Every committed record of the topics, as far as they reach now, in order per partition.

    Raises:
        Unavailable: Kafka is away, or a transaction hangs.
    """
    async with reader(address) as consumer:
        starts = dict.fromkeys(await all_partitions(consumer, topics), 0)
    return [record async for batch in read_to_end(address, starts) for record in batch]


async def all_partitions(consumer: AIOKafkaConsumer, topics: Iterable[str]) -> list[TopicPartition]:
    """The partitions of the topics; one that does not exist has none."""
    known = {topic: consumer.partitions_for_topic(topic) for topic in await consumer.topics()}
    return [TopicPartition(topic, number) for topic in topics for number in sorted(known.get(topic) or ())]
