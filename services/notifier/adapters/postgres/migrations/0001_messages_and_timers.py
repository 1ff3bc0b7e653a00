"""Cases with their sealed contacts, messages and their leases, timers; beside them the runtime's own tables."""

from alembic import op

from shared.postgres.tables import ids_table, offsets_table, outbox_table

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
        closed_at timestamptz,
        progress jsonb NOT NULL DEFAULT '{}'
    )
    """,
    "COMMENT ON COLUMN cases.contact IS 'a JWE for the notifier; deleted some days after the case closed'",
    "CREATE INDEX cases_to_erase ON cases (closed_at) WHERE contact_state = 'sealed'",
    "CREATE INDEX cases_to_remove ON cases (closed_at) WHERE contact_state <> 'sealed'",
    *ids_table("removed_cases", "case_id"),
    "COMMENT ON TABLE removed_cases IS 'goes when Kafka has no event of the case any more'",
    """
    CREATE TABLE messages (
        position bigint GENERATED ALWAYS AS IDENTITY,
        id uuid PRIMARY KEY,
        case_id uuid NOT NULL,
        client_id text NOT NULL DEFAULT '',
        kind text NOT NULL,
        revision integer NOT NULL CHECK (revision > 0),
        recipient text NOT NULL,
        channel text NOT NULL,
        channels text[] NOT NULL DEFAULT '{email}',
        submission_id uuid,
        occurred_at timestamptz,
        receipt_number text,
        received_at timestamptz,
        service text,
        language text,
        authority text,
        templates text,
        facts jsonb NOT NULL DEFAULT '{}',
        notice uuid,
        unread_days integer,
        state text NOT NULL CHECK (state IN (
            'created', 'sending', 'sent', 'delayed', 'unread', 'delivered', 'failed', 'unknown', 'no-contact'
        )),
        reason text,
        attempts integer NOT NULL DEFAULT 0,
        repeats integer NOT NULL DEFAULT 0,
        retries integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL DEFAULT now(),
        due_at timestamptz NOT NULL DEFAULT now(),
        lease uuid,
        leased_until timestamptz,
        handed_over_at timestamptz,
        settled_at timestamptz,
        UNIQUE (case_id, kind, revision, recipient, channel),
        CHECK ((settled_at IS NULL) = (state IN ('created', 'sending'))),
        CHECK (settled_at IS NOT NULL OR num_nulls(submission_id, occurred_at, receipt_number, received_at,
                                                   service, language, templates) = 0)
    )
    """,
    "COMMENT ON COLUMN messages.submission_id IS 'this and what the mail says are absent where only the outcome was replayed'",
    "COMMENT ON COLUMN messages.channels IS 'all ways to the applicant, the first one first'",
    "CREATE INDEX messages_due_on ON messages (channel, due_at) WHERE state = 'created'",
    "CREATE INDEX messages_open ON messages (case_id) WHERE state IN ('created', 'sending')",
    "CREATE INDEX messages_sending ON messages (leased_until) WHERE state = 'sending'",
    "CREATE INDEX messages_unknown ON messages (settled_at) WHERE state = 'unknown'",
    "CREATE INDEX messages_to_look_at ON messages (settled_at) WHERE state IN ('failed', 'unknown')",
    "CREATE INDEX messages_unread ON messages (settled_at) WHERE channel = 'mailbox' AND state IN ('sent', 'unread')",
    "CREATE INDEX messages_handed_over ON messages (handed_over_at)",
    "CREATE TABLE notices (about uuid PRIMARY KEY, case_id uuid NOT NULL, sealed text NOT NULL)",
    "COMMENT ON TABLE notices IS 'a JWE for the notifier; deleted with the contact of its case'",
    "COMMENT ON COLUMN notices.about IS 'the event that told the effect of the answer that it came with'",
    "CREATE INDEX notices_of_a_case ON notices (case_id)",
    """
    CREATE TABLE clocks (
        case_id uuid PRIMARY KEY,
        standing text NOT NULL CHECK (standing IN ('unheard', 'received', 'parked', 'routed', 'accepted', 'closed')),
        submission_id uuid,
        receipt jsonb,
        authority text,
        since timestamptz,
        progress jsonb NOT NULL DEFAULT '{}'
    )
    """,
    """
    CREATE TABLE timers (
        id uuid PRIMARY KEY,
        case_id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN (
            'forwarding', 'fetching', 'confirmation', 'ending', 'ended', 'extension'
        )),
        step integer NOT NULL,
        subject date NOT NULL,
        due_at timestamptz NOT NULL,
        struck_at timestamptz
    )
    """,
    "COMMENT ON COLUMN timers.struck_at IS 'kept, so that a timer that is set again does not strike twice'",
    "CREATE INDEX timers_due ON timers (due_at) WHERE struck_at IS NULL",
    "CREATE INDEX timers_of_a_case ON timers (case_id)",
    "CREATE TABLE law_in_force (singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton), digest text NOT NULL)",
)


def upgrade() -> None:
    for statement in (*_TABLES, *offsets_table(), *outbox_table()):
        op.execute(statement)
