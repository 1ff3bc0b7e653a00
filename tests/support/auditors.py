"""Auditors who are registered for a test, each with a token."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from amtsweg.credentials import rolled_credential
from services.audit.adapters.auditors import RegisteredAuditors
from shared.access.principal import Principal

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PrincipalsHere:
    """Implements `KnownPrincipals` in memory."""

    known: Mapping[str, Principal]

    def get(self, principal: str) -> Principal | None:
        return self.known.get(principal)


def auditor(token: str, *scopes: str) -> Principal:
    """Whoever shows this token, ``<id>.<secret>``."""
    own_id, _, secret = token.partition(".")
    return Principal(
        id=own_id,
        kind="auditor",
        name="Prüfung",
        scopes=frozenset(scopes),
        registered_at=LONG_AGO,
        credentials=(rolled_credential(secret, now=LONG_AGO),),
    )


def auditors(scopes: Mapping[str, Sequence[str]]) -> RegisteredAuditors:
    """Those with these tokens and scopes; nobody else is known."""
    return RegisteredAuditors(
        PrincipalsHere({(found := auditor(token, *may)).id: found for token, may in scopes.items()})
    )
