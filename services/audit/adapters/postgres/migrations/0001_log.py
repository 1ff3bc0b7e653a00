"""The log: entries, payloads and keys, the tree, what was published, what must follow. A part of each table per log."""

from alembic import op

from shared.postgres.tables import offsets_table, outbox_table

revision = "0001"
down_revision = None

_TABLES = """
CREATE TABLE logs (
    id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    origin text NOT NULL UNIQUE,
    size bigint NOT NULL DEFAULT 0,
    peaks bytea NOT NULL DEFAULT '',
    root bytea NOT NULL DEFAULT sha256(''),
    closed_at timestamptz,
    rebuilt_size bigint NOT NULL DEFAULT 0,
    known_events bytea,
    intended_size bigint NOT NULL DEFAULT 0,
    intended_root bytea NOT NULL DEFAULT sha256(''),
    published_size bigint NOT NULL DEFAULT 0,
    published_at timestamptz
);
COMMENT ON TABLE logs IS 'One row per log (a year); its row lock orders all writers. Dropping a year: drop_log().';
COMMENT ON COLUMN logs.known_events IS 'The secret that names events over all logs, wrapped under this log''s own.';
COMMENT ON COLUMN logs.rebuilt_size IS 'So many entries were made anew from files: their events have no names.';

CREATE TABLE entries (
    index bigint NOT NULL,
    time timestamptz NOT NULL,
    id uuid NOT NULL,
    case_ref uuid,
    actor_ref uuid,
    log smallint NOT NULL,
    type text NOT NULL,
    authority text,
    service text,
    effects bytea,
    leaf bytea NOT NULL,
    PRIMARY KEY (log, index)
) PARTITION BY LIST (log);
COMMENT ON TABLE entries IS 'The leaves, and beside each what it can be found by: keyed, no personal data.';
COMMENT ON COLUMN entries.effects IS 'The ids that effects of this event would have, 16 bytes each.';
CREATE INDEX entries_by_id ON entries (id);
CREATE INDEX entries_by_case ON entries (case_ref, index);
CREATE INDEX entries_by_actor ON entries (actor_ref, index) WHERE actor_ref IS NOT NULL;
CREATE INDEX entries_by_authority ON entries (authority, index) WHERE authority IS NOT NULL;
CREATE INDEX entries_by_time ON entries USING brin (time);
CREATE INDEX entries_about_the_log ON entries (type, index)
    WHERE type IN ('de.amtsweg.DayStated.v1', 'de.amtsweg.EvaluationRequested.v1', 'de.amtsweg.EraseOrdered.v1');

CREATE TABLE events (id uuid PRIMARY KEY) PARTITION BY HASH (id);
COMMENT ON TABLE events IS 'Names of the events of all logs, keyed: none becomes a second leaf. Says nothing else.';

CREATE TABLE keys (
    log smallint NOT NULL,
    owner uuid NOT NULL,
    key bytea,
    written_anew boolean NOT NULL DEFAULT true,
    PRIMARY KEY (log, owner)
) PARTITION BY LIST (log);
CREATE INDEX ON keys (log) WHERE NOT written_anew;
COMMENT ON COLUMN keys.written_anew IS 'False from an erasure until no page of the part holds the key any more.';
COMMENT ON TABLE keys IS 'One key per case; null once the case is erased. Not part of the main dump.';

CREATE TABLE payloads (
    index bigint NOT NULL,
    log smallint NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (log, index)
) PARTITION BY LIST (log);
COMMENT ON TABLE payloads IS 'Salt and payload of a leaf, encrypted under the key of its owner: its case, or who acted.';

CREATE TABLE tokens (
    token uuid NOT NULL,
    case_ref uuid NOT NULL,
    log smallint NOT NULL,
    PRIMARY KEY (log, token, case_ref)
) PARTITION BY LIST (log);
COMMENT ON TABLE tokens IS 'What a case can be found by (receipt number, reference, trace), keyed; gone with an erasure.';

CREATE TABLE subtrees (
    log smallint NOT NULL,
    level smallint NOT NULL,
    index bigint NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (log, level, index)
) PARTITION BY LIST (log);
COMMENT ON TABLE subtrees IS 'The hashes of complete subtrees of 256, 65536, ... leaves.';

CREATE TABLE watched (log smallint PRIMARY KEY REFERENCES logs ON DELETE CASCADE, next bigint NOT NULL);
COMMENT ON TABLE watched IS 'The first entry whose case has not been judged yet.';

CREATE TABLE obligations (
    case_ref uuid NOT NULL,
    index bigint NOT NULL,
    since timestamptz NOT NULL,
    due timestamptz NOT NULL,
    log smallint NOT NULL,
    rule text NOT NULL,
    PRIMARY KEY (log, case_ref, rule, index)
) PARTITION BY LIST (log);
COMMENT ON TABLE obligations IS 'What is not met; derived from entries, may be emptied together with watched.';
CREATE INDEX obligations_by_rule ON obligations (rule, due);

CREATE TABLE carried (
    index bigint NOT NULL,
    time timestamptz NOT NULL,
    id uuid NOT NULL,
    case_ref uuid NOT NULL,
    log smallint NOT NULL,
    type text NOT NULL,
    effects bytea,
    event bytea,
    PRIMARY KEY (log, case_ref, id)
) PARTITION BY LIST (log);
COMMENT ON TABLE carried IS 'What had happened in the log before to cases that were open when it was closed.';
COMMENT ON COLUMN carried.event IS 'The event''s own id under this log''s secret, for the next log; null once erased.'
"""

_EVENT_PARTS = 16

_ADD_LOG = """
CREATE FUNCTION add_log(wanted text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM current AS $$
DECLARE
    made smallint;
    part text;
BEGIN
    INSERT INTO logs (origin) VALUES (wanted) ON CONFLICT DO NOTHING RETURNING id INTO made;
    IF made IS NULL THEN
        RETURN;
    END IF;
    FOREACH part IN ARRAY ARRAY['entries', 'payloads', 'tokens', 'subtrees', 'obligations', 'carried'] LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES IN (%s)', part || '_' || made, part, made);
    END LOOP;
    EXECUTE format('ALTER TABLE %I ALTER COLUMN sealed SET STORAGE EXTERNAL', 'payloads_' || made);
    EXECUTE format('CREATE TABLE %I PARTITION OF keys FOR VALUES IN (%s) PARTITION BY HASH (owner)', 'keys_' || made, made);
    FOR hash IN 0..31 LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 32, REMAINDER %s)',
            'keys_' || made || '_' || hash, 'keys_' || made, hash);
    END LOOP;
END $$
"""
_DROP_LOG = """
CREATE FUNCTION drop_log(wanted text) RETURNS void LANGUAGE plpgsql SET search_path FROM current AS $$
DECLARE
    gone smallint := (SELECT id FROM logs WHERE origin = wanted AND closed_at IS NOT NULL);
    part text;
BEGIN
    IF gone IS NULL THEN
        RAISE EXCEPTION 'there is no closed log %', wanted;
    END IF;
    FOREACH part IN ARRAY ARRAY['entries', 'payloads', 'keys', 'tokens', 'subtrees', 'obligations', 'carried'] LOOP
        EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', part, part || '_' || gone);
        EXECUTE format('DROP TABLE %I', part || '_' || gone);
    END LOOP;
    DELETE FROM logs WHERE id = gone;
END $$
"""


def upgrade() -> None:
    """Make the tables of the log, and those of the runtime."""
    own = (statement for statement in _TABLES.split(";\n") if statement.strip())
    for statement in (*own, _ADD_LOG, _DROP_LOG, *offsets_table(), *outbox_table()):
        op.execute(statement)
    for remainder in range(_EVENT_PARTS):
        op.execute(
            f"CREATE TABLE events_{remainder} PARTITION OF events "
            f"FOR VALUES WITH (MODULUS {_EVENT_PARTS}, REMAINDER {remainder})"
        )
