"""The operator's way onto the bus: the login comes from the environment, else from the running local stack."""

import logging
import os

from pydantic_settings import BaseSettings, SettingsConfigDict

from amtsweg.exit_status import MISTAKE
from amtsweg.language import said
from amtsweg.servers_asked import asking
from amtsweg.stack.description import StackDescription
from amtsweg.terminal import echo, ended
from shared.events.topics import OperatorDuty
from shared.kafka.client import KafkaAddress
from shared.kafka.partitions import partitions_of
from shared.kafka.read_to_end import place_of_fault, read_to_end
from shared.kafka.records import Record
from shared.settings import KafkaConnection


class _Environment(BaseSettings):
    """``AMTSWEG_KAFKA__BOOTSTRAP``, ``__USERNAME``, ``__PASSWORD_FILE``: the login for the duty at hand."""

    model_config = SettingsConfigDict(env_prefix="AMTSWEG_", env_nested_delimiter="__", extra="ignore")

    kafka: KafkaConnection


def operator_address(duty: OperatorDuty = "look") -> KafkaAddress:
    """Where Kafka is, with the login for this duty; ends the command with a hint where it cannot be told."""
    address = known_address(duty)
    if address is None:
        raise ended(
            said(
                de="Kein laufender Stapel: starten Sie ihn mit `amtsweg up`, oder setzen Sie "
                "AMTSWEG_KAFKA__BOOTSTRAP, AMTSWEG_KAFKA__USERNAME und AMTSWEG_KAFKA__PASSWORD_FILE.",
                en="No running stack: start one with `amtsweg up`, or set "
                "AMTSWEG_KAFKA__BOOTSTRAP, AMTSWEG_KAFKA__USERNAME and AMTSWEG_KAFKA__PASSWORD_FILE.",
            ),
            MISTAKE,
        )
    return address


def known_address(duty: OperatorDuty = "look") -> KafkaAddress | None:
    """The same, or None where it cannot be told."""
    for client in ("aiokafka", "asyncio"):
        # What a Kafka client says to itself, often and at length; what has failed is said by the command.
        logging.getLogger(client).setLevel(logging.CRITICAL)
    if "AMTSWEG_KAFKA__BOOTSTRAP" in os.environ:
        return _noted(KafkaAddress.of(_Environment().kafka))
    try:
        kafka = StackDescription.read().kafka
    except FileNotFoundError:
        return None
    return _noted(
        KafkaAddress(
            bootstrap=kafka.bootstrap,
            security_protocol=kafka.security_protocol,
            username=kafka.operators[duty].username,
            password=kafka.operators[duty].password,
        )
    )


def _noted(address: KafkaAddress) -> KafkaAddress:
    asking("Kafka", address.bootstrap)
    return address


async def everything(address: KafkaAddress, *topics: str) -> list[Record]:
    """Every committed record of the topics that can be read, as far as they reach now, in order per partition.

    Of a batch that cannot be read the place is told.

    Raises:
        Unavailable: Kafka is away, or a transaction hangs.
    """
    starts = dict.fromkeys(await partitions_of(address, *topics), 0)
    found: list[Record] = []
    async for records in read_to_end(address, starts, faults=True):
        for lost in (place_of_fault(each) for each in records if each.fault is not None):
            echo(
                said(
                    de=f"Nicht zu lesen, also nicht dabei: {lost}", en=f"Cannot be read, so left out: {lost}"
                ),
                err=True,
            )
        found += [each for each in records if each.fault is None]
    return found
