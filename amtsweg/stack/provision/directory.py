"""Puts the directory that a release ships with on the bus, where nothing is published yet."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from aiokafka.errors import KafkaError

from amtsweg.directory.proposal import first
from amtsweg.directory.published import Refused, seed
from amtsweg.stack.endpoints import KafkaEndpoint
from amtsweg.stack.errors import StackError
from shared.errors import Unavailable, Undecodable
from shared.kafka.client import KafkaAddress


def seed_directory(endpoint: KafkaEndpoint, folder: Path) -> None:
    """Publish the folder as the first version; whatever is published already stays the truth.

    Raises:
        StackError: Kafka refuses, or what lies there cannot be read.
    """
    address = KafkaAddress(
        bootstrap=endpoint.bootstrap,
        security_protocol=endpoint.security_protocol,
        username=endpoint.username,
        password=endpoint.password,
        ca_file=endpoint.ca_file,
    )
    try:
        asyncio.run(seed(address, lambda: first(folder, now=datetime.now(UTC))))
    except (KafkaError, Refused, Unavailable, Undecodable) as error:
        raise StackError(f"the directory could not be published at {endpoint.bootstrap}: {error}") from error
