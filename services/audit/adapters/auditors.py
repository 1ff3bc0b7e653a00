"""Auditors by their tokens, from schema ``access``: added, rotated and revoked like every other principal.

A token is the id and a rolled secret, ``pruefung-3.…``. It is shown with every look and is not exchanged for a
short-lived one: nobody but auditors has a key to the log, intake's token endpoint least of all (docs/adr/0014). It ends
within a minute of its revocation.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from services.audit.domain.access import Reader, Right
from shared.access.principals import KnownPrincipals
from shared.access.secrets import fits

RIGHTS: Final[Mapping[str, Right]] = MappingProxyType(
    {"audit.look": "look", "audit.export": "export", "audit.bundles": "bundles"}
)
"""What each scope lets an auditor do."""

_LONGEST: Final = 256
_CHECKS: Final = 2
"""Two secrets can be valid while one takes over from the other."""


class RegisteredAuditors:
    """Implements `services.audit.ports.Readers` over the registered principals."""

    def __init__(self, principals: KnownPrincipals) -> None:
        self._principals = principals

    def find(self, token: str, now: datetime) -> Reader | None:
        own_id, _, secret = token[:_LONGEST].partition(".")
        principal = self._principals.get(own_id)
        if principal is None or principal.kind != "auditor":
            return None
        for credential in principal.valid_credentials(now)[:_CHECKS]:
            if credential.secret_hash is not None and fits(secret, credential.secret_hash):
                rights = frozenset(RIGHTS[scope] for scope in principal.scopes if scope in RIGHTS)
                return Reader(name=principal.id, rights=rights)
        return None
