"""The tables that the runtime keeps in a service's schema; its migrations create them with these functions.

A migration calls ``op.execute`` with each statement, so that one history describes the whole schema.
"""


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
    """Which process leads, by name of the work; whoever freezes loses the lead with time."""
    return ("CREATE TABLE leases (name text PRIMARY KEY, holder text NOT NULL, until timestamptz NOT NULL)",)


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
