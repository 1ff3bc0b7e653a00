"""Cases with their sealed contacts, messages and their leases; beside them the runtime's own tables."""

from alembic import op

from shared.postgres.tables import offsets_table, outbox_table

revision = "0001"
down_revision = None

_TABLES = (
    """
    CREATE TABLE cases (
        id uuid PRIMARY KEY,
        contact_state text NOT NULL CHECK (contact_state IN ('unheard', 'none', 'sealed', 'erased')),
        contact text CHECK ((contact IS NOT NULL) = (contact_state = 'sealed')),
        told jsonb NOT NULL,
        handled uuid[] NOT NULL,
        closed_at timestamptz
    )
    """,
    "COMMENT ON COLUMN cases.contact IS 'a JWE for the notifier; deleted some days after the case closed'",
    "CREATE INDEX cases_to_erase ON cases (closed_at) WHERE contact_state = 'sealed'",
    """
    CREATE TABLE messages (
        position bigint GENERATED ALWAYS AS IDENTITY,
        id uuid PRIMARY KEY,
        case_id uuid NOT NULL,
        kind text NOT NULL,
        revision integer NOT NULL CHECK (revision > 0),
        recipient text NOT NULL,
        channel text NOT NULL,
        submission_id uuid,
        occurred_at timestamptz,
        receipt_number text,
        received_at timestamptz,
        service text,
        language text,
        authority text,
        templates text,
        state text NOT NULL CHECK (state IN ('created', 'sending', 'sent', 'failed', 'unknown', 'no-contact')),
        attempts integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL DEFAULT now(),
        due_at timestamptz NOT NULL DEFAULT now(),
        lease uuid,
        leased_until timestamptz,
        settled_at timestamptz,
        UNIQUE (case_id, kind, revision, recipient, channel),
        CHECK ((settled_at IS NULL) = (state IN ('created', 'sending'))),
        CHECK (settled_at IS NOT NULL OR num_nulls(submission_id, occurred_at, receipt_number, received_at,
                                                   service, language, templates) = 0)
    )
    """,
    "COMMENT ON COLUMN messages.submission_id IS 'this and what the mail says are absent where only the outcome was replayed'",
    "CREATE INDEX messages_due ON messages (due_at) WHERE state = 'created'",
    "CREATE INDEX messages_open ON messages (case_id) WHERE state IN ('created', 'sending')",
    "CREATE INDEX messages_sending ON messages (leased_until) WHERE state = 'sending'",
    "CREATE INDEX messages_unknown ON messages (settled_at) WHERE state = 'unknown'",
)


def upgrade() -> None:
    """Create everything."""
    for statement in (*_TABLES, *offsets_table(), *outbox_table()):
        op.execute(statement)
