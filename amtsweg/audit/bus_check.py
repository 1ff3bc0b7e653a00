"""`amtsweg audit check-bus`: is every record that lies on the bus in the log? Kafka's own count shows the gaps.

Offsets are given out by the broker, one after the other, for what producers sent in sequence; so whatever was
taken and is not in the log shows here. What is no longer on its topic cannot be compared.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

import typer
from aiokafka import TopicPartition

from amtsweg.bus import everything, operator_address, partitions_of
from amtsweg.stack.description import StackDescription
from amtsweg.terminal import echo
from services.audit.app import AUDITED, GROUP, SCHEMA
from shared.errors import Unavailable
from shared.events.topics import Topic, dead_letter_topic
from shared.kafka.client import KafkaAddress
from shared.kafka.dead_letters import origin
from shared.kafka.read_to_end import read_to_end
from shared.kafka.records import Record
from shared.postgres.pool import Pool, open_pool

Place = tuple[str, int, int]
"""Topic, partition, offset."""


@dataclass(slots=True)
class Comparison:
    """What was compared: records by topic, those that are dead letters, and those that are nowhere."""

    records: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    missing: list[Place] = field(default_factory=list)


def check_bus(
    postgres_url: Annotated[str | None, typer.Option(help="Datenbank; sonst die des Stapels")] = None,
) -> None:
    """Vergleicht den Bus mit dem Protokoll: Jeder Satz, der gelesen wurde, muss darin stehen."""
    url = postgres_url or StackDescription.read().postgres.url
    topics = [topic for topic in AUDITED if not topic.sealed]
    try:
        done = asyncio.run(
            compare(operator_address(), url, topics=topics, dead_letters=dead_letter_topic(GROUP))
        )
    except Unavailable as away:
        echo(f"FEHLER: {away}", err=True)
        raise typer.Exit(3) from None
    for topic in topics:
        found, dead = done.records[topic.name], done.dead[topic.name]
        echo(f"  {found:>10} Sätze, {dead} zurückgestellt   {topic.name}")
    for topic in AUDITED:
        if topic.sealed:
            echo(f"  nicht verglichen, weil versiegelt: {topic.name} (Lücken zeigt die Regel routing-cause)")
    for name, partition, offset in done.missing:
        echo(f"FEHLT: {name}, Partition {partition}, Satz {offset}", err=True)
    raise typer.Exit(1 if done.missing else 0)


async def compare(
    address: KafkaAddress, url: str, *, topics: Sequence[Topic], dead_letters: str
) -> Comparison:
    """Read the topics as far as the log has read them, and look up each record's event.

    Raises:
        Unavailable: Kafka or PostgreSQL is away.
    """
    done = Comparison()
    async with await open_pool(url, schema=SCHEMA, size=2) as pool:
        rows = await pool.fetch("select topic, partition, next from offsets where consumer = $1", GROUP)
        read = {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}
        starts = dict.fromkeys(partitions_of(*(topic.name for topic in topics)), 0)
        unknown: list[Place] = []
        async for batch in read_to_end(address, starts):
            seen = [r for r in batch if r.offset < read.get(TopicPartition(r.topic, r.partition), 0)]
            done.records.update(record.topic for record in seen)
            unknown += await _unknown(seen, pool)
    set_aside = await _set_aside(address, dead_letters) if unknown else set()
    done.dead.update(place[0] for place in unknown if place in set_aside)
    done.missing = sorted(place for place in unknown if place not in set_aside)
    return done


async def _unknown(records: Sequence[Record], pool: Pool) -> list[Place]:
    ids = {(record.topic, record.partition, record.offset): _event_id(record) for record in records}
    known = {
        UUID(bytes=row[0].bytes)
        for row in await pool.fetch(
            "select event_id from entries where event_id = any($1::uuid[])", [i for i in ids.values() if i]
        )
    }
    return [place for place, event_id in ids.items() if event_id not in known]


def _event_id(record: Record) -> UUID | None:
    try:
        return UUID(dict(record.headers).get("ce_id", b"").decode())
    except ValueError:
        return None


async def _set_aside(address: KafkaAddress, dead_letters: str) -> set[Place]:
    return set(_origins(await everything(address, dead_letters)))


def _origins(letters: Iterable[Record]) -> Iterable[Place]:
    for letter in letters:
        try:
            came_from = origin(letter.headers)
        except ValueError:
            continue  # a note that another one is settled
        yield came_from.topic, came_from.partition, came_from.offset
