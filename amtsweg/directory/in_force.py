"""The directory by which the running system decides now."""

from datetime import UTC, datetime

from amtsweg.directory import published
from amtsweg.directory.folder import open_directory
from amtsweg.directory.proposal import Tables
from services.router.domain.directory.model import Directory
from shared.kafka.client import KafkaAddress


async def in_force(address: KafkaAddress) -> Directory:
    """The version in force; before the first is published, the one that the project ships with.

    Raises:
        Unavailable: Kafka is away.
    """
    versions = (await published.read(address)).versions
    if not versions.published:
        return open_directory(None)
    return Tables.of_version(versions.at(datetime.now(UTC))).directory()
