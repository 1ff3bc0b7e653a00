"""The tables that the runtime keeps in a service's schema; its migrations create them with these functions.

A migration calls ``op.execute`` with each statement, so that one history describes the whole schema.
"""


def offsets_table() -> tuple[str, ...]:
    """How far each consumer has read; ``next`` is the offset of the first record not yet applied."""
    return (
        """
        CREATE TABLE offsets (
            consumer text NOT NULL,
            topic text NOT NULL,
            partition integer NOT NULL,
            next bigint NOT NULL CHECK (next >= 0),
            PRIMARY KEY (consumer, topic, partition)
        )
        """,
        """
        CREATE TABLE held_back_keys (
            consumer text NOT NULL,
            key bytea NOT NULL,
            PRIMARY KEY (consumer, key)
        )
        """,
        "COMMENT ON TABLE held_back_keys IS 'cases whose later records follow a dead-lettered one'",
    )


def outbox_table() -> tuple[str, ...]:
    """Messages written with their cause and not yet published."""
    return (
        """
        CREATE TABLE outbox (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            topic text NOT NULL,
            key bytea NOT NULL,
            value bytea,
            header_names text[] NOT NULL,
            header_values bytea[] NOT NULL,
            written_at timestamptz NOT NULL DEFAULT clock_timestamp()
        )
        """,
    )
