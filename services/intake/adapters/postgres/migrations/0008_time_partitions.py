"""Receipts and histories lie in a partition a year, messages in one a month; ids are unique over all of them."""

from collections.abc import Iterator

from alembic import op

from shared.postgres.tables import WRITTEN_ON, ids_table, time_partition_functions

revision = "0008"
down_revision = "0007"

_COLUMNS = {
    "receipts": """
        submission_id uuid NOT NULL,
        case_id uuid NOT NULL,
        client_id text NOT NULL,
        client_reference text,
        client_reference_hash text,
        service text NOT NULL,
        language text NOT NULL,
        receipt_number text NOT NULL,
        received_at timestamptz NOT NULL,
        content_hash text NOT NULL,
        request_hash text,
        kind text NOT NULL DEFAULT 'submission',
        channels text,
        held_until timestamptz NOT NULL,
        taken_at timestamptz,
        told_at timestamptz,
    """,
    "history": """
        event_id uuid NOT NULL,
        case_id uuid NOT NULL,
        submission_id uuid NOT NULL,
        at timestamptz NOT NULL,
        code text NOT NULL,
        detail text,
        authority text,
        arrival bigserial,
        client_id text,
        position bigint,
    """,
    "messages": """
        message_id uuid NOT NULL,
        case_id uuid NOT NULL,
        client_id text NOT NULL,
        submission_id uuid NOT NULL,
        answer_id uuid NOT NULL,
        at timestamptz NOT NULL,
        authority text NOT NULL,
        kind text NOT NULL,
        outcome text,
        content text,
        position bigserial,
    """,
}
_UNITS = {"receipts": "year", "history": "year", "messages": "month"}
_IDS = {
    "receipts": ("receipt_ids", "submission_id"),
    "history": ("history_ids", "event_id"),
    "messages": ("message_ids", "message_id"),
}
_INDEXES = (
    "CREATE INDEX receipts_case ON receipts (case_id)",
    "CREATE INDEX receipts_open ON receipts (received_at) WHERE taken_at IS NULL",
    "CREATE INDEX receipts_reference ON receipts (client_reference_hash)",
    "CREATE INDEX receipts_number ON receipts (receipt_number)",
    """
    CREATE INDEX receipts_reference_in_clear ON receipts (client_reference, received_at DESC)
    WHERE client_reference IS NOT NULL AND taken_at IS NOT NULL
    """,
    "CREATE INDEX history_case ON history (case_id, position)",
    "CREATE INDEX history_feed ON history (client_id, position)",
    "CREATE INDEX history_unplaced ON history (submission_id) WHERE position IS NULL",
    "CREATE INDEX messages_case ON messages (case_id, position)",
)
_COMMENTS = (
    "COMMENT ON COLUMN receipts.submission_id IS 'UUIDv5 of client and idempotency key; once over all years by receipt_ids'",
    "COMMENT ON COLUMN receipts.client_reference IS 'in clear here only; null in a row restored from the events'",
    "COMMENT ON COLUMN receipts.request_hash IS 'keyed; null in a row restored from the events'",
    "COMMENT ON COLUMN receipts.held_until IS 'until then one attempt is under way, unless it is taken'",
    "COMMENT ON COLUMN receipts.told_at IS 'when the first event told these facts; from then on they stand'",
    """
    COMMENT ON COLUMN history.position IS
        'place in the feed, given under the lock of feed; null until an event has told whose case it is'
    """,
    "COMMENT ON COLUMN messages.content IS 'JWE for the client; nobody here can open it'",
)


def upgrade() -> None:
    for statement in time_partition_functions():
        op.execute(statement)
    for table in _COLUMNS:
        for statement in _partitioned(table):
            op.execute(statement)
    for statement in (*_INDEXES, *_COMMENTS):
        op.execute(statement)


def _partitioned(table: str) -> Iterator[str]:
    """The table anew, with the rows of the former one; they count as written today."""
    ids, column = _IDS[table]
    names = ", ".join(line.split()[0] for line in _COLUMNS[table].split("\n") if line.strip())
    yield f"CREATE TABLE former AS SELECT * FROM {table}"  # noqa: S608 - our own names
    yield f"DROP TABLE {table}"
    yield (
        f"CREATE TABLE {table} ({_COLUMNS[table]} {WRITTEN_ON}, PRIMARY KEY ({column}, written_on)) "
        "PARTITION BY RANGE (written_on)"
    )
    yield from ids_table(ids, column)
    yield f"SELECT add_time_partitions('{table}', '{_UNITS[table]}', 1)"
    yield f"INSERT INTO {table} ({names}) SELECT {names} FROM former"  # noqa: S608 - our own names
    yield f"INSERT INTO {ids} ({column}) SELECT {column} FROM {table}"  # noqa: S608 - our own names
    for counted in ("arrival", "position"):
        if f"{counted} bigserial" in _COLUMNS[table]:
            yield f"SELECT setval(pg_get_serial_sequence('{table}', '{counted}'), coalesce((SELECT max({counted}) FROM {table}), 0) + 1)"  # noqa: S608 - our own names
    yield "DROP TABLE former"
