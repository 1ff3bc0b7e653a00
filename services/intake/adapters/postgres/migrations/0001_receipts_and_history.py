"""Receipts, assertion ids, histories and the head of the feed."""

from alembic import op

from shared.postgres.tables import offsets_table, outbox_table

revision = "0001"
down_revision = None

_TABLES = (
    """
    CREATE TABLE receipts (
        submission_id uuid PRIMARY KEY,
        case_id uuid NOT NULL,
        client_id text NOT NULL,
        client_reference text,
        service text NOT NULL,
        language text NOT NULL,
        receipt_number text NOT NULL,
        received_at timestamptz NOT NULL,
        content_hash text NOT NULL,
        request_hash text,
        held_until timestamptz NOT NULL,
        taken_at timestamptz
    )
    """,
    """
    COMMENT ON COLUMN receipts.submission_id IS
        'UUIDv5 of client and idempotency key: the primary key is the unique constraint over both'
    """,
    "COMMENT ON COLUMN receipts.request_hash IS 'keyed; null in a row restored from the events'",
    "COMMENT ON COLUMN receipts.held_until IS 'until then one attempt is under way, unless it is taken'",
    "CREATE INDEX receipts_case ON receipts (case_id)",
    "CREATE INDEX receipts_open ON receipts (received_at) WHERE taken_at IS NULL",
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
    CREATE TABLE history (
        event_id uuid PRIMARY KEY,
        case_id uuid NOT NULL,
        submission_id uuid NOT NULL,
        at timestamptz NOT NULL,
        code text NOT NULL,
        detail text,
        authority text,
        arrival bigint GENERATED ALWAYS AS IDENTITY,
        client_id text,
        position bigint UNIQUE
    )
    """,
    """
    COMMENT ON COLUMN history.position IS
        'place in the feed; null until an event has told whose case it is'
    """,
    "CREATE INDEX history_case ON history (case_id, position)",
    "CREATE INDEX history_feed ON history (client_id, position)",
    "CREATE INDEX history_unplaced ON history (submission_id) WHERE position IS NULL",
    """
    CREATE TABLE feed (
        epoch text NOT NULL DEFAULT substr(md5(gen_random_uuid()::text), 1, 8),
        position bigint NOT NULL
    )
    """,
    """
    COMMENT ON TABLE feed IS
        'one row; whoever places lines locks it until commit, so that positions become visible in order'
    """,
    "INSERT INTO feed (position) VALUES (0)",
)


def upgrade() -> None:
    for statement in (*offsets_table(), *outbox_table(), *_TABLES):
        op.execute(statement)
