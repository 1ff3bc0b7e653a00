"""Puts the directory that a release ships with on the bus, where nothing is published yet."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

from aiokafka.errors import KafkaError

from amtsweg.directory.proposal import first
from amtsweg.directory.published import ChangeRefused, seed
from amtsweg.language import said
from amtsweg.stack.endpoints import KafkaEndpoint
from amtsweg.stack.errors import AwayError
from shared.errors import Unavailable, Undecodable
from shared.kafka.client import KafkaAddress

_WITHIN_S = 60


def seed_directory(endpoint: KafkaEndpoint, folder: Path) -> None:
    """Publish the folder as the first version; whatever is published already stays the truth.

    Raises:
        StackError: Kafka refuses, or what lies there cannot be read.
    """
    address = endpoint.address()
    try:
        asyncio.run(_seed(address, folder))
    except (KafkaError, ChangeRefused, Unavailable, Undecodable) as error:
        raise AwayError(
            said(
                de=f"Das Verzeichnis ließ sich bei {endpoint.bootstrap} nicht veröffentlichen: {error}",
                en=f"The directory could not be published at {endpoint.bootstrap}: {error}",
            )
        ) from error


async def _seed(address: KafkaAddress, folder: Path) -> None:
    """A topic that was made just now, beside hundreds of others, has no leader for some seconds: it is waited for."""
    deadline = time.monotonic() + _WITHIN_S
    while True:
        try:
            await seed(address, lambda: first(folder, now=datetime.now(UTC)))
        except (KafkaError, Unavailable):
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(1)
        else:
            return
