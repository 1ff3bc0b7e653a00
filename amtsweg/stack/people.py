"""Who is registered from the start: persons of the desk and of operations, and auditors."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from amtsweg.credentials import rolled_credential, secret_credential
from shared.access.principal import Credential, Principal, PrincipalKind

CLERK: Final = "klaerung-1"
OPERATOR: Final = "betrieb-1"
AUDITOR: Final = "pruefung-1"
TILE_READER: Final = "pruefung-2"
"""A person has a number, not a name: this id stands on record beside what the person decided."""


def persons(clerk_secret: str, operator_secret: str) -> tuple[Principal, ...]:
    """Who may sign in to the console: a person known here by the id that the issuer vouches for."""
    now = datetime.now(UTC)
    return registered_as(
        (
            (CLERK, "desk", "Klärungsstelle", ("desk",), secret_credential(clerk_secret, now=now)),
            (
                OPERATOR,
                "operator",
                "Betrieb",
                ("operation", "directory"),
                secret_credential(operator_secret, now=now),
            ),
        ),
        now=now,
    )


def auditors(secrets: Mapping[str, str]) -> tuple[Principal, ...]:
    """Who looks at the log: one like a court of audit, one like a monitor that copies the log's entries."""
    now = datetime.now(UTC)
    scopes = {AUDITOR: ("audit.look", "audit.export"), TILE_READER: ("audit.bundles",)}
    return registered_as(
        tuple(
            (auditor, "auditor", "Prüfung", scopes[auditor], rolled_credential(own, now=now))
            for auditor, own in secrets.items()
        ),
        now=now,
    )


def registered_as(
    registered: tuple[tuple[str, PrincipalKind, str, Sequence[str], Credential], ...], *, now: datetime
) -> tuple[Principal, ...]:
    """Principals that are registered from now on, each with one credential."""
    return tuple(
        Principal(
            id=own_id,
            kind=kind,
            name=name,
            scopes=frozenset(scopes),
            registered_at=now,
            credentials=(credential,),
        )
        for own_id, kind, name, scopes, credential in registered
    )
