"""How far a consumer has read, stored beside its effects; writing it on a condition is the fence.

Two members may believe that they own a partition. The one whose expectation does not hold has been replaced:
its transaction, and with it all effects of its batch, is rolled back.
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from aiokafka.structs import TopicPartition

from shared.kafka.dead_letters import letter_key
from shared.kafka.records import Record
from shared.postgres.pool import Connection, Pool, reaching_postgres


class Fenced(Exception):  # noqa: N818 - what happened, in the project's vocabulary
    """Another member has moved these offsets: this member no longer owns the partitions."""


async def read(
    connection: Connection, consumer: str, firsts: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """Return the stored offsets of these partitions; one never read is stored as its first offset."""
    topics, partitions = _columns(firsts)
    await connection.execute(_CREATE, consumer, topics, partitions, list(firsts.values()))
    rows = await connection.fetch(_READ, consumer, topics, partitions)
    return {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}


async def topic_ids(
    connection: Connection, consumer: str, partitions: Iterable[TopicPartition]
) -> dict[str, UUID]:
    """Which topics the stored offsets of these partitions are about, by name."""
    rows = await connection.fetch(_READ_IDS, consumer, *_columns(dict.fromkeys(partitions, 0)))
    return {row["topic"]: UUID(bytes=row["topic_id"].bytes) for row in rows}


async def keep_topic_ids(
    connection: Connection, consumer: str, ids: Mapping[str, UUID], partitions: Iterable[TopicPartition]
) -> None:
    """Note which topics the stored offsets of these partitions are about."""
    known = [tp for tp in partitions if tp.topic in ids]
    topics, numbers = _columns(dict.fromkeys(known, 0))
    await connection.execute(_KEEP_IDS, consumer, topics, numbers, [ids[tp.topic] for tp in known])


async def begin_anew(connection: Connection, consumer: str, firsts: Mapping[TopicPartition, int]) -> None:
    """Store the first offsets of topics that have been created anew in place of the old ones' offsets."""
    topics, partitions = _columns(firsts)
    await connection.execute(_BEGIN_ANEW, consumer, topics, partitions, list(firsts.values()))


async def advance(
    connection: Connection,
    consumer: str,
    *,
    expected: Mapping[TopicPartition, int],
    to: Mapping[TopicPartition, int],
) -> None:
    """Store the next offsets, if the stored ones are as expected. The first statement of a transaction.

    Raises:
        Fenced: they are not.
    """
    topics, partitions = _columns(to)
    moved = await connection.fetch(
        _ADVANCE, consumer, topics, partitions, [expected[tp] for tp in to], list(to.values())
    )
    if len(moved) != len(to):
        raise Fenced(
            f"{consumer}: {len(to) - len(moved)} of {len(to)} partitions are read by another process"
        )


async def stored(pool: Pool, consumer: str) -> dict[TopicPartition, int]:
    """How far this consumer has read, for those who watch it.

    Raises:
        Unavailable: PostgreSQL cannot be reached.
    """
    with reaching_postgres():
        rows = await pool.fetch("SELECT topic, partition, next FROM offsets WHERE consumer = $1", consumer)
    return {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}


async def blocked_keys(connection: Connection, consumer: str) -> set[bytes]:
    """The keys with unsettled dead letters."""
    rows = await connection.fetch(
        "SELECT DISTINCT key FROM blocking_records WHERE consumer = $1 AND key IS NOT NULL", consumer
    )
    return {row["key"] for row in rows}


async def note_letter(connection: Connection, consumer: str, record: Record, *, blocks: bool) -> None:
    """Note that the record's dead letter is unsettled, and whether later records of its key follow it."""
    await connection.execute(
        "INSERT INTO blocking_records (consumer, topic, partition, record_offset, key)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        consumer,
        record.topic,
        record.partition,
        record.offset,
        letter_key(record.key) if blocks else None,
    )


async def first_of_its_key(connection: Connection, consumer: str, origin: str) -> str | None:
    """The origin of the oldest unsettled letter that blocks the key of this one; None where this one is settled."""
    row = await connection.fetchrow(_FIRST, consumer, *_place(origin))
    return None if row is None else f"{row['topic']}/{row['partition']}/{row['record_offset']}"


async def blocking(connection: Connection, consumer: str, key: bytes) -> list[str]:
    """The origins of the unsettled letters that block this key, the oldest first."""
    rows = await connection.fetch(
        "SELECT topic, partition, record_offset FROM blocking_records WHERE consumer = $1 AND key = $2"
        " ORDER BY id",
        consumer,
        key,
    )
    return [f"{row['topic']}/{row['partition']}/{row['record_offset']}" for row in rows]


async def unblock(connection: Connection, consumer: str, origin: str) -> None:
    """Note that the dead letter of this origin (``topic/partition/offset``) is settled."""
    await connection.execute(
        "DELETE FROM blocking_records"
        " WHERE consumer = $1 AND topic = $2 AND partition = $3 AND record_offset = $4",
        consumer,
        *_place(origin),
    )


def _place(origin: str) -> tuple[str, int, int]:
    topic, partition, offset = origin.split("/")
    return topic, int(partition), int(offset)


def _columns(partitions: Mapping[TopicPartition, int]) -> tuple[Sequence[str], Sequence[int]]:
    return [tp.topic for tp in partitions], [tp.partition for tp in partitions]


_CREATE = """
    INSERT INTO offsets (consumer, topic, partition, next)
    SELECT $1, topic, partition, next
    FROM unnest($2::text[], $3::integer[], $4::bigint[]) AS first (topic, partition, next)
    ON CONFLICT DO NOTHING
"""
_READ_IDS = """
    SELECT DISTINCT topic, topic_id FROM offsets
    JOIN unnest($2::text[], $3::integer[]) AS wanted (topic, partition) USING (topic, partition)
    WHERE consumer = $1 AND topic_id IS NOT NULL
"""
_KEEP_IDS = """
    UPDATE offsets AS stored SET topic_id = told.id
    FROM unnest($2::text[], $3::integer[], $4::uuid[]) AS told (topic, partition, id)
    WHERE stored.consumer = $1 AND stored.topic = told.topic AND stored.partition = told.partition
        AND stored.topic_id IS DISTINCT FROM told.id
"""
_BEGIN_ANEW = """
    UPDATE offsets AS stored SET next = first.next
    FROM unnest($2::text[], $3::integer[], $4::bigint[]) AS first (topic, partition, next)
    WHERE stored.consumer = $1 AND stored.topic = first.topic AND stored.partition = first.partition
"""
_READ = """
    SELECT topic, partition, next FROM offsets
    JOIN unnest($2::text[], $3::integer[]) AS wanted (topic, partition) USING (topic, partition)
    WHERE consumer = $1
"""
_FIRST = """
    SELECT first.topic, first.partition, first.record_offset
    FROM blocking_records AS letter
    JOIN blocking_records AS first ON first.consumer = letter.consumer
        AND (first.key = letter.key OR (first.topic, first.partition, first.record_offset)
            = (letter.topic, letter.partition, letter.record_offset))
    WHERE letter.consumer = $1 AND letter.topic = $2 AND letter.partition = $3 AND letter.record_offset = $4
    ORDER BY first.id LIMIT 1
"""
_ADVANCE = """
    UPDATE offsets AS stored SET next = new.next
    FROM unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[])
        AS new (topic, partition, expected, next)
    WHERE stored.consumer = $1 AND stored.topic = new.topic AND stored.partition = new.partition
        AND stored.next = new.expected
    RETURNING 1
"""
