"""The tables that the runtime keeps in a service's schema; its migrations create them with these functions.

A migration calls ``op.execute`` with each statement, so that one history describes the whole schema.
"""

from typing import Final


def offsets_table() -> tuple[str, ...]:
    """How far each consumer has read, and what blocks a case.

    ``next`` is the first record not yet applied, ``topic_id`` which topic of this name it belongs to.
    """
    return (
        """
        CREATE TABLE offsets (
            consumer text NOT NULL,
            topic text NOT NULL,
            partition integer NOT NULL,
            next bigint NOT NULL CHECK (next >= 0),
            topic_id uuid,
            PRIMARY KEY (consumer, topic, partition)
        )
        """,
        """
        CREATE TABLE blocking_records (
            consumer text NOT NULL,
            topic text NOT NULL,
            partition integer NOT NULL,
            record_offset bigint NOT NULL,
            key bytea,
            id bigint GENERATED ALWAYS AS IDENTITY,
            PRIMARY KEY (consumer, topic, partition, record_offset)
        )
        """,
        """
        COMMENT ON TABLE blocking_records IS
        'Dead letters not yet settled; later records of their keys, if they have one here, become dead letters too.'
        """,
    )


def leases_table() -> tuple[str, ...]:
    """Which process leads, by the name of the work; a process that freezes loses the lead when its lease ends."""
    return (
        """
        CREATE TABLE leases (
            name text PRIMARY KEY,
            holder text NOT NULL,
            until timestamptz NOT NULL,
            number bigint NOT NULL DEFAULT 1
        )
        """,
        "COMMENT ON COLUMN leases.number IS 'new with every lead: who has an older one writes nothing'",
    )


def outbox_table() -> tuple[str, ...]:
    """Messages written with their cause and not yet published, and those that Kafka will never take."""
    return (
        """
        CREATE TABLE outbox (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            topic text NOT NULL,
            key bytea NOT NULL,
            value bytea,
            header_names text[] NOT NULL,
            header_values bytea[] NOT NULL,
            timestamp_ms bigint,
            written_at timestamptz NOT NULL DEFAULT clock_timestamp()
        )
        """,
        """
        CREATE TABLE refused_messages (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            topic text NOT NULL,
            key bytea NOT NULL,
            value bytea,
            header_names text[] NOT NULL,
            header_values bytea[] NOT NULL,
            timestamp_ms bigint,
            written_at timestamptz NOT NULL,
            refused_at timestamptz NOT NULL DEFAULT clock_timestamp()
        )
        """,
        "COMMENT ON TABLE refused_messages IS 'Too large or malformed for Kafka: an operator looks at them.'",
    )


WRITTEN_ON: Final = "written_on date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date"
"""The column by whose day a table is partitioned: ours, so that no sender chooses a partition."""

_HASHED_PARTS: Final = 8


def ids_table(name: str, column: str) -> tuple[str, ...]:
    """The ids of a time-partitioned table, each once over all its partitions, whose own keys hold within one only."""
    return (
        f"CREATE TABLE {name} ({column} uuid PRIMARY KEY, {WRITTEN_ON}) PARTITION BY HASH ({column})",
        f"CREATE INDEX {name}_age ON {name} USING brin (written_on)",
        f"COMMENT ON TABLE {name} IS 'each id once over all partitions; goes with the rows'",
        *(
            f"CREATE TABLE {name}_{part} PARTITION OF {name} FOR VALUES WITH (MODULUS {_HASHED_PARTS}, REMAINDER {part})"
            for part in range(_HASHED_PARTS)
        ),
    )


def time_partition_functions() -> tuple[str, ...]:
    """Functions of the owner, by which a service that may change no table adds and drops partitions.

    A table that is partitioned by range of ``written_on`` has one partition a month or a year, named by its first
    month. `shared.postgres.time_partitions` calls both functions.
    """
    return (_ADD_TIME_PARTITIONS, _DROP_TIME_PARTITIONS)


# Attached, not created as a partition: that would wait for all readers, and a dump reads for hours.
_ADD_TIME_PARTITIONS: Final = """
CREATE FUNCTION add_time_partitions(wanted text, unit text, ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '2s' AS $$
DECLARE
    step interval := ('1 ' || unit)::interval;
    first date;
    part text;
    added integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('time partitions of ' || current_schema(), 0));
    FOR n IN 0..ahead LOOP
        first := date_trunc(unit, now() AT TIME ZONE 'UTC') + n * step;
        part := wanted || to_char(first, '_YYYY_MM');
        CONTINUE WHEN to_regclass(quote_ident(part)) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, wanted);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            wanted, part, first, (first + step)::date);
        added := added + 1;
    END LOOP;
    RETURN added;
END $$
"""
_DROP_TIME_PARTITIONS: Final = """
CREATE FUNCTION drop_time_partitions(wanted text, before date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '2s' AS $$
DECLARE
    part text;
    dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('time partitions of ' || current_schema(), 0));
    FOR part IN
        SELECT relname::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = to_regclass(quote_ident(wanted))
            AND relname::text COLLATE "C" < wanted || to_char(before, '_YYYY_MM')
    LOOP
        EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', wanted, part);
        EXECUTE format('DROP TABLE %I', part);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$
"""
