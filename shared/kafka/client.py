"""Kafka clients with the settings on which the promises depend; no other module constructs one."""

import asyncio
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from shared.kafka import bounded_decompression, light_compression
from shared.settings import KafkaConnection, read_optional_secret

MAX_RECORD_BYTES: Final = 2 * 1024 * 1024 + 64 * 1024
"""The largest record of an output topic, see the catalogue."""

CLOSING_SECONDS: Final = 5.0
_CONNECTIONS_SECONDS: Final = 1.0
_SESSION_MS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaAddress:
    """Kafka's address and our own credentials."""

    bootstrap: str
    security_protocol: str = "PLAINTEXT"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None

    @classmethod
    def of(cls, connection: KafkaConnection) -> Self:
        """The address that the settings describe; the password is read now."""
        return cls(
            bootstrap=connection.bootstrap,
            security_protocol=connection.security_protocol,
            username=connection.username,
            password=read_optional_secret(connection.password_file),
            ca_file=connection.ca_file,
        )

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments for aiokafka's clients."""
        arguments: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": self.security_protocol,
        }
        if self.security_protocol.startswith("SASL"):
            arguments |= {
                "sasl_mechanism": "SCRAM-SHA-512",
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        if self.security_protocol.endswith("SSL"):
            arguments["ssl_context"] = ssl.create_default_context(cafile=self.ca_file)
        return arguments


def group_consumer(
    address: KafkaAddress,
    *,
    group: str,
    instance: str | None = None,
    assignor: type[AbstractPartitionAssignor] = RangePartitionAssignor,
) -> AIOKafkaConsumer:
    """A member of a group that does not commit automatically and never skips records.

    ``instance`` makes the membership static: a worker that is killed and restarted keeps its partitions, and meanwhile
    only those are not read.
    """
    bounded_decompression.install()
    return AIOKafkaConsumer(
        **address.arguments(),
        group_id=group,
        group_instance_id=None if instance is None else f"{group}-{instance}",
        enable_auto_commit=False,
        # Positions are set by seek(); expired ones are an event to report, not to pass over.
        auto_offset_reset="none",
        isolation_level="read_committed",
        partition_assignment_strategy=(assignor,),
        session_timeout_ms=_SESSION_MS,
        heartbeat_interval_ms=_SESSION_MS // 6,
        rebalance_timeout_ms=30_000,  # else it is the session timeout
        # A standby never polls; without this it would leave the group after five minutes.
        max_poll_interval_ms=2**31 - 1,
        metadata_max_age_ms=15_000,
        max_partition_fetch_bytes=MAX_RECORD_BYTES,
    )


def reader(
    address: KafkaAddress,
    *,
    fetch_max_wait_ms: int = 500,
    committed: bool = True,
    group: str | None = None,
) -> AIOKafkaConsumer:
    """A member of no group, for reading partitions from any offset.

    With ``committed`` its end of a partition is where the oldest open transaction begins. With ``group`` it can be asked
    for what that group has committed.
    """
    bounded_decompression.install()
    return AIOKafkaConsumer(
        **address.arguments(),
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed" if committed else "read_uncommitted",
        fetch_max_wait_ms=fetch_max_wait_ms,
        max_partition_fetch_bytes=MAX_RECORD_BYTES,
    )


def idempotent_producer(address: KafkaAddress) -> AIOKafkaProducer:
    """Acknowledged by all in-sync replicas, each record once per ``send``."""
    light_compression.install()
    return AIOKafkaProducer(**address.arguments(), enable_idempotence=True, **_PRODUCING)


def transactional_producer(
    address: KafkaAddress, *, transactional_id: str, timeout_ms: int
) -> AIOKafkaProducer:
    """Starting it fences the previous owner of the id and ends its transaction."""
    light_compression.install()
    return AIOKafkaProducer(
        **address.arguments(),
        transactional_id=transactional_id,
        transaction_timeout_ms=timeout_ms,
        **_PRODUCING,
    )


async def close(
    client: AIOKafkaConsumer | AIOKafkaProducer | AIOKafkaAdminClient, *, seconds: float = CLOSING_SECONDS
) -> None:
    """Stop a client within a time limit, whatever it says; afterwards none of its tasks is alive.

    ``stop()`` may raise what its background tasks died of, even a cancellation that nobody asked for, which must not
    pass for one of ours. Where it does not return, what it would have ended goes on: a sender that sends what is
    pending when Kafka is back, a heartbeat that keeps a dead member in its group.
    """
    ending = client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop()
    stopping = asyncio.ensure_future(ending)
    stopping.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        await asyncio.wait({stopping}, timeout=seconds)
    finally:
        stopping.cancel()
        await _abandon(client)


async def _abandon(client: AIOKafkaConsumer | AIOKafkaProducer | AIOKafkaAdminClient) -> None:
    """End what ``stop()`` has left: background tasks, then connections."""
    left = [task for task in _tasks_of(client) if not task.done()]
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=_CONNECTIONS_SECONDS)
    network = getattr(client, "client", None) or getattr(client, "_client", None)
    if network is not None and network._conns:  # noqa: SLF001 - there is no other way to ask
        closing = asyncio.ensure_future(network.close())
        closing.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.wait({closing}, timeout=_CONNECTIONS_SECONDS)
        closing.cancel()


def _tasks_of(
    client: AIOKafkaConsumer | AIOKafkaProducer | AIOKafkaAdminClient,
) -> Iterator["asyncio.Task[object]"]:
    """The tasks of this loop that run a method of the client or of one of its parts."""
    names = ("client", "_client", "_sender", "_message_accumulator", "_coordinator", "_fetcher")
    parts = {id(part) for name in names if (part := getattr(client, name, None)) is not None}
    for task in asyncio.all_tasks():
        frame = getattr(task.get_coro(), "cr_frame", None)
        if frame is not None and id(frame.f_locals.get("self")) in parts:
            yield task


# linger 0: waiting in the client multiplied the latency of request and reply; batches form by themselves.
_PRODUCING: Final[dict[str, Any]] = {
    "acks": "all",
    "linger_ms": 0,
    "compression_type": "zstd",
    "max_batch_size": 1024 * 1024,
    "max_request_size": MAX_RECORD_BYTES,
    "request_timeout_ms": 20_000,
}
