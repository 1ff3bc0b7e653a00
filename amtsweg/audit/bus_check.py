"""`amtsweg audit check-bus`: is every record that lies on the bus in the log? Kafka's own count shows the gaps.

Offsets are given out by the broker, one after the other, for what producers sent in sequence; so whatever was
taken and is not in the log shows here. What is no longer on its topic cannot be compared.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from aiokafka import TopicPartition

from amtsweg.addresses import DatabaseUrlOption
from amtsweg.bus import everything, operator_address
from amtsweg.exit_status import UNDECIDED
from amtsweg.input_words import failed_words
from amtsweg.language import said
from amtsweg.servers_asked import asked_pool
from amtsweg.stack.description import StackDescription
from amtsweg.terminal import echo, ended
from services.audit.adapters.key_files import read_secrecy
from services.audit.adapters.postgres import SCHEMA
from services.audit.consumer import AUDITED
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.pseudonyms import KnownEvents, Pseudonymizer
from services.audit.ports import GROUP
from shared.events.topic_names import dead_letter_topic
from shared.events.topics import Topic
from shared.kafka.client import KafkaAddress
from shared.kafka.dead_letters import origin
from shared.kafka.partitions import partitions_of
from shared.kafka.read_to_end import read_to_end
from shared.kafka.records import Record
from shared.postgres.pool import Pool

BusPosition = tuple[str, int, int]
"""Topic, partition, offset."""


@dataclass(frozen=True, slots=True)
class Log:
    """Which log is looked at, and the secret without which nothing in it has a name."""

    postgres_url: str
    origin: str
    secrecy: Pseudonymizer


@dataclass(slots=True)
class Comparison:
    """What was compared: records by topic, those that are dead letters, and those that are nowhere."""

    records: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    missing: list[BusPosition] = field(default_factory=list)


def check_bus(
    *,
    origin: Annotated[str | None, typer.Option(help="Name des Protokolls; sonst das des Stapels")] = None,
    postgres_url: DatabaseUrlOption = None,
    pseudonym_key_file: Annotated[
        Path | None, typer.Option(help="Geheimnis des Protokolls; sonst das des Stapels")
    ] = None,
) -> None:
    """Vergleicht den Bus mit dem Protokoll: Jeder Satz, der gelesen wurde, muss darin stehen."""
    if origin is None or postgres_url is None or pseudonym_key_file is None:
        stack = StackDescription.read()
        origin, postgres_url = origin or stack.audit.origin, postgres_url or stack.postgres.url
        pseudonym_key_file = pseudonym_key_file or stack.audit.pseudonym_key_file
    log = Log(postgres_url, origin, read_secrecy(pseudonym_key_file))
    topics = [topic for topic in AUDITED if not topic.sealed]
    try:
        done = asyncio.run(
            compare(operator_address(), log, topics=topics, dead_letters=dead_letter_topic(GROUP))
        )
    except ProofRefused as away:
        raise ended(failed_words(away), UNDECIDED) from None
    for topic in topics:
        found, dead = done.records[topic.name], done.dead[topic.name]
        echo(
            said(
                de=f"  {found:>10} Sätze, {dead} zurückgestellt   {topic.name}",
                en=f"  {found:>10} records, {dead} set aside   {topic.name}",
            )
        )
    for topic in AUDITED:
        if topic.sealed:
            echo(
                said(
                    de=f"  nicht verglichen, weil versiegelt: {topic.name} (Lücken zeigt die Regel routing-cause)",
                    en=f"  not compared, being sealed: {topic.name} (the rule routing-cause shows gaps)",
                )
            )
    for name, partition, offset in done.missing:
        echo(
            said(
                de=f"FEHLT: {name}, Partition {partition}, Satz {offset}",
                en=f"MISSING: {name}, partition {partition}, record {offset}",
            ),
            err=True,
        )
    raise typer.Exit(1 if done.missing else 0)


async def compare(
    address: KafkaAddress, log: Log, *, topics: Sequence[Topic], dead_letters: str
) -> Comparison:
    """Read the topics as far as the log has read them, and look up each record's event.

    Raises:
        Unavailable: Kafka or PostgreSQL is away.
        Refused: the secret is not the log's.
    """
    done = Comparison()
    async with await asked_pool(log.postgres_url, schema=SCHEMA, size=2) as pool:
        wrapped = await pool.fetchval("select known_events from logs where origin = $1", log.origin)
        events = KnownEvents(log.secrecy.unwrap(wrapped or b""))
        rows = await pool.fetch("select topic, partition, next from offsets where consumer = $1", GROUP)
        read = {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}
        starts = dict.fromkeys(await partitions_of(address, *(topic.name for topic in topics)), 0)
        unknown: list[BusPosition] = []
        async for batch in read_to_end(address, starts):
            seen = [r for r in batch if r.offset < read.get(TopicPartition(r.topic, r.partition), 0)]
            done.records.update(record.topic for record in seen)
            unknown += await _unknown(seen, pool, events)
    set_aside = await _set_aside(address, dead_letters) if unknown else set()
    done.dead.update(place[0] for place in unknown if place in set_aside)
    done.missing = sorted(place for place in unknown if place not in set_aside)
    return done


async def _unknown(records: Sequence[Record], pool: Pool, events: KnownEvents) -> list[BusPosition]:
    names = {
        (record.topic, record.partition, record.offset): None if event is None else events.name(event)
        for record in records
        for event in (_event_id(record),)
    }
    rows = await pool.fetch(
        "select id from events where id = any($1::uuid[])", [n for n in names.values() if n]
    )
    known = {UUID(bytes=row[0].bytes) for row in rows}
    return [place for place, name in names.items() if name not in known]


def _event_id(record: Record) -> UUID | None:
    try:
        return UUID(dict(record.headers).get("ce_id", b"").decode())
    except ValueError:
        return None


async def _set_aside(address: KafkaAddress, dead_letters: str) -> set[BusPosition]:
    return set(_origins(await everything(address, dead_letters)))


def _origins(letters: Iterable[Record]) -> Iterable[BusPosition]:
    for letter in letters:
        try:
            came_from = origin(letter.headers)
        except ValueError:
            continue  # a note that another one is settled
        yield came_from.topic, came_from.partition, came_from.offset
