"""Fetches past a batch that aiokafka cannot parse: aiokafka raises there on every call and drops earlier records."""

from dataclasses import dataclass
from typing import Final

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import CorruptRecordException, KafkaConnectionError, KafkaError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.structs import TopicPartition

from shared.errors import Unavailable
from shared.kafka.client import MAX_RECORD_BYTES, KafkaAddress
from shared.kafka.raw_batches import Aborted, committed_from, records_of
from shared.kafka.records import Record

_COMMITTED: Final = 1


@dataclass(frozen=True, slots=True)
class Answered:
    """Whole batches, the last perhaps cut short, and the transactions among them that were aborted."""

    batches: bytes
    aborted: Aborted


class NoBatch(Unavailable):
    """There is no batch where reading failed: the reader is at fault, not the records, and has to be replaced."""


def is_of_a_batch(error: Exception) -> bool:
    """Return whether reading failed because of a batch's bytes, not because of Kafka or our access to it."""
    return not isinstance(error, KafkaError) or isinstance(error, CorruptRecordException)


async def salvaged(address: KafkaAddress, tp: TopicPartition, start: int) -> list[Record]:
    """Fetch the first committed batch at or after this offset; return its records, the unreadable rest as one fault.

    Raises:
        NoBatch: there is no batch, so that no bytes can have been at fault.
        Unavailable: Kafka cannot be reached.
    """
    client = AIOKafkaClient(**address.arguments())
    try:
        await client.bootstrap()
        await client.set_topics([tp.topic])
        answered = await fetch(client, tp, start, wait_ms=100)
    except KafkaError as away:
        raise Unavailable(f"{tp.topic}, partition {tp.partition}: {type(away).__name__}") from away
    finally:
        await client.close()
    batch = committed_from(answered.batches, start, aborted=answered.aborted)
    if batch is None:
        raise NoBatch(f"{tp.topic}, partition {tp.partition}: nothing readable from offset {start} on")
    return records_of(batch, tp, start)


async def fetch(client: AIOKafkaClient, tp: TopicPartition, start: int, *, wait_ms: int) -> Answered:
    """Ask the partition's leader once, as a reader of committed records; nothing is assigned and nothing prefetched.

    Raises:
        KafkaError: the broker answered with it, or could not be asked, whatever else the client fails of.
    """
    partition = (tp.partition, start, MAX_RECORD_BYTES)
    request = FetchRequest(wait_ms, 1, MAX_RECORD_BYTES, _COMMITTED, [(tp.topic, [partition])])
    try:
        answer = await client.send(client.cluster.leader_for_partition(tp), request)
        ((_, (told,)),) = answer.topics
    except KafkaError:
        raise
    except Exception as broken:
        raise KafkaConnectionError(f"the client failed: {type(broken).__name__}") from broken
    if code := told[1]:
        raise for_code(code)(f"{tp.topic}, partition {tp.partition}, offset {start}")
    return Answered(batches=bytes(told[-1] or b""), aborted=_aborted(told))


def _aborted(told: tuple[object, ...]) -> list[tuple[int, int]]:
    """The aborted transactions in a partition's answer: the one field that is a list, whatever the version."""
    return next((list(field) for field in told[2:-1] if isinstance(field, list)), [])
