"""Schema ``access``, as ``amtsweg`` makes it: one writer, and readers that may look at everything but write nothing."""

from collections.abc import Iterator, Sequence
from typing import Final

SCHEMA: Final = """
CREATE SCHEMA IF NOT EXISTS access;
CREATE TABLE IF NOT EXISTS access.principals (
    id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,63}$'),
    kind text NOT NULL CHECK (kind IN ('platform', 'authority', 'provider', 'desk', 'auditor', 'operator')),
    name text NOT NULL,
    scopes text[] NOT NULL,
    authorities text[] NOT NULL DEFAULT '{}',
    registered_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
COMMENT ON TABLE access.principals IS 'rows stay for ever: an id is never given twice';
CREATE TABLE IF NOT EXISTS access.credentials (
    principal text NOT NULL REFERENCES access.principals,
    id text NOT NULL CHECK (length(id) BETWEEN 1 AND 255),
    key jsonb,
    secret_hash text,
    valid_from timestamptz NOT NULL DEFAULT now(),
    valid_until timestamptz,
    PRIMARY KEY (principal, id),
    CHECK ((key IS NULL) <> (secret_hash IS NULL))
);
CREATE TABLE IF NOT EXISTS access.sealing_keys (
    principal text NOT NULL REFERENCES access.principals,
    id text NOT NULL CHECK (length(id) BETWEEN 1 AND 255),
    key jsonb NOT NULL,
    valid_from timestamptz NOT NULL DEFAULT now(),
    valid_until timestamptz,
    PRIMARY KEY (principal, id)
);
COMMENT ON TABLE access.sealing_keys IS 'public JWKs that authorities seal the parts of their answers to; id is the kid';
COMMENT ON COLUMN access.credentials.key IS 'public JWK for private_key_jwt (RFC 7523); id is its kid';
COMMENT ON COLUMN access.credentials.secret_hash IS 'PHC string, Argon2id';
"""


def grants(*, writer: str, readers: Sequence[str]) -> Iterator[str]:
    """Statements that give the command its rights (it deletes nothing) and the services theirs."""
    yield f"GRANT SELECT, INSERT, UPDATE ON access.principals, access.credentials, access.sealing_keys TO {writer}"
    for reader in readers:
        yield f"GRANT USAGE ON SCHEMA access TO {reader}"
        yield f"GRANT SELECT ON access.principals, access.credentials, access.sealing_keys TO {reader}"
