"""The platform client that only test submissions come from: it names no contact, so nobody is ever written to."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from amtsweg.credentials import rolled_credential, sealing_key
from amtsweg.stack.provision.keys import Keyring, make_decryption_key, make_token
from services.intake.domain.client import SCOPES
from shared.access import registration
from shared.access.principal import Principal
from shared.postgres.pool import Connection

SANDBOX: Final = "pruefung"


@dataclass(frozen=True, slots=True)
class SandboxFiles:
    """Where its secret lies, and the key that opens what authorities seal for it."""

    secret: Path
    decryption_key: Path

    @classmethod
    def of(cls, keys: Keyring) -> Self:
        return cls(keys.of("clients", f"{SANDBOX}.secret"), keys.of("clients", f"{SANDBOX}.decryption.jwk"))


def sandbox_principal(files: SandboxFiles) -> Principal:
    """The client as it is registered; its files are made where they are missing."""
    now = datetime.now(UTC)
    return Principal(
        id=SANDBOX,
        kind="platform",
        name="Prüfung von Behördenclients",
        scopes=frozenset(SCOPES),
        registered_at=now,
        credentials=(rolled_credential(make_token(files.secret), now=now),),
        sealing_keys=(sealing_key(make_decryption_key(files.decryption_key, owner=SANDBOX)),),
    )


async def enter_sandbox(connection: Connection, files: SandboxFiles) -> None:
    """Register the client, or give it the new secret of a folder that has not known it."""
    fresh = not files.secret.exists()
    principal = sandbox_principal(files)
    if await registration.add(connection, principal) or not fresh:
        return
    for credential in principal.credentials:
        await registration.rotate(connection, SANDBOX, credential=credential, overlap=timedelta(0))
    for key in principal.sealing_keys:
        await registration.seal_to(connection, SANDBOX, key=key, overlap=timedelta(0))
