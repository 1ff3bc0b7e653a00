"""Receipts, histories and messages in a part per year or month; assertion ids, the head of the feed, erased cases."""

from alembic import op

from shared.postgres.tables import (
    WRITTEN_ON,
    ids_table,
    offsets_table,
    outbox_table,
    time_partition_functions,
)

revision = "0001"
down_revision = None

_TABLES = (
    f"""
    CREATE TABLE receipts (
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
        {WRITTEN_ON},
        PRIMARY KEY (submission_id, written_on)
    ) PARTITION BY RANGE (written_on)
    """,
    "COMMENT ON COLUMN receipts.submission_id IS 'UUIDv5 of client and idempotency key; unique over all years by receipt_ids'",
    "COMMENT ON COLUMN receipts.client_reference IS 'in clear here only; null in a row restored from the events'",
    "COMMENT ON COLUMN receipts.request_hash IS 'keyed; null in a row restored from the events'",
    "COMMENT ON COLUMN receipts.held_until IS 'until then one attempt is under way, unless it is taken'",
    "COMMENT ON COLUMN receipts.told_at IS 'when the first event told these facts; from then on they stand'",
    "CREATE INDEX receipts_case ON receipts (case_id)",
    "CREATE INDEX receipts_open ON receipts (received_at) WHERE taken_at IS NULL",
    "CREATE INDEX receipts_reference ON receipts (client_reference_hash)",
    "CREATE INDEX receipts_number ON receipts (receipt_number)",
    """
    CREATE INDEX receipts_reference_in_clear ON receipts (client_reference, received_at DESC)
    WHERE client_reference IS NOT NULL AND taken_at IS NOT NULL
    """,
    *ids_table("receipt_ids", "submission_id"),
    f"""
    CREATE TABLE history (
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
        {WRITTEN_ON},
        PRIMARY KEY (event_id, written_on)
    ) PARTITION BY RANGE (written_on)
    """,
    """
    COMMENT ON COLUMN history.position IS
        'place in the feed, given under the lock of feed; null until an event has told whose case it is'
    """,
    "CREATE INDEX history_case ON history (case_id, position)",
    "CREATE INDEX history_feed ON history (client_id, position)",
    "CREATE INDEX history_unplaced ON history (submission_id) WHERE position IS NULL",
    *ids_table("history_ids", "event_id"),
    f"""
    CREATE TABLE messages (
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
        {WRITTEN_ON},
        PRIMARY KEY (message_id, written_on)
    ) PARTITION BY RANGE (written_on)
    """,
    "COMMENT ON COLUMN messages.content IS 'JWE for the client; nobody here can open it'",
    "CREATE INDEX messages_case ON messages (case_id, position)",
    *ids_table("message_ids", "message_id"),
    "SELECT add_time_partitions('receipts', 'year', 1)",
    "SELECT add_time_partitions('history', 'year', 1)",
    "SELECT add_time_partitions('messages', 'month', 1)",
    """
    CREATE TABLE assertion_ids (
        client_id text NOT NULL,
        id text NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (client_id, id)
    )
    """,
    "CREATE INDEX assertion_ids_expiry ON assertion_ids (expires_at)",
    """
    CREATE TABLE feed (
        epoch text NOT NULL DEFAULT substr(md5(gen_random_uuid()::text), 1, 8),
        position bigint NOT NULL
    )
    """,
    """
    COMMENT ON TABLE feed IS
        'one row; the transaction that gives positions locks it until commit, so that they become visible in order'
    """,
    "INSERT INTO feed (position) VALUES (0)",
    """
    CREATE TABLE erased_cases (
        case_id uuid PRIMARY KEY,
        erased_at timestamptz NOT NULL DEFAULT now()
    )
    """,
)


def upgrade() -> None:
    for statement in (*time_partition_functions(), *offsets_table(), *outbox_table(), *_TABLES):
        op.execute(statement)
