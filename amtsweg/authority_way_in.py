"""What an authority gets, made and renewed: Kafka login, HTTP client, encryption key, and the file that names them."""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiokafka.errors import KafkaError

from amtsweg.access_store import access, running_stack
from amtsweg.addresses import given_address
from amtsweg.credentials import key_credential, roll_secret, rolled_credential
from amtsweg.language import said
from amtsweg.servers_asked import asking, listening
from amtsweg.stack import endpoints
from amtsweg.stack.description import AuthorityDescription, StackDescription, stack_folder
from amtsweg.stack.endpoints import SCRAM, KafkaEndpoint
from amtsweg.stack.errors import AwayError, StackError
from amtsweg.stack.provision import kafka, quotas, suspension
from amtsweg.stack.provision.authority_keys import AuthorityKeys
from amtsweg.stack.provision.grants import authority_login
from amtsweg.stack.provision.keys import Keyring, make_authority_key
from amtsweg.stack.provision.logins import Logins, write_secret
from amtsweg.stack.setup import AUTHORITY_SCOPES
from shared.access import registration
from shared.access.principal import Credential, Principal
from shared.access.suspensions import read_suspensions
from shared.bounded_files import LARGE, read_bounded, read_bounded_text
from shared.errors import Unavailable
from shared.events.topics import AUTHORITY_INBOX

OVERLAP = timedelta(days=14)
"""How long what is replaced goes on beside the new, if nothing else is said."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What an authority hands in: public keys of its own. What is missing is made here, and lies in its folder."""

    encryption: Mapping[str, Any] | None = None
    client: Mapping[str, Any] | None = None


class WaysIn:
    """``folder`` holds the keys, a folder for each owner."""

    def __init__(self, folder: Path) -> None:
        self.keyring = Keyring(folder)
        self.keys = AuthorityKeys(self.keyring.authorities)
        self._suspended: Mapping[str, datetime] | None = None

    def add(self, authority: str, *, client_id: str, handed: Handed) -> Path:
        """Make everything, registration last; broken off and begun again it goes on. Return the file for the authority.

        Raises:
            StackError: the client was registered before; an id is never given twice.
        """
        now = datetime.now(UTC)
        if any(row["id"] == client_id for row in access(registration.everybody)):
            raise StackError(
                said(
                    de=f"{client_id} ist oder war angemeldet; Kennungen werden nie neu vergeben. `amtsweg authority rotate` "
                    "gibt neue Nachweise, --client-id einen anderen Zugang.",
                    en=f"{client_id} is or was registered; an id is never given twice. `amtsweg authority rotate` gives "
                    "new credentials, --client-id another client.",
                )
            )
        endpoint = super_user()
        if self._suspended is None:
            self._suspended = ordered_suspensions(endpoint)
        if authority in self._suspended:
            raise StackError(
                said(
                    de=f"{authority} ist gesperrt; zuerst `amtsweg authority resume {authority}`.",
                    en=f"{authority} is suspended; first `amtsweg authority resume {authority}`.",
                )
            )
        if not self.keys.all().get(authority) or handed.encryption is not None:
            self.seal_for(authority, handed.encryption, overlap=OVERLAP)
        kafka.add_authority(endpoint, authority, logins=self._logins(authority))
        suspension.resume(endpoint, authority)
        quotas.provision_quotas(endpoint, [authority])
        credential, secret = self._credential(authority, handed.client)
        principal = Principal(
            id=client_id,
            kind="authority",
            name=authority,
            scopes=AUTHORITY_SCOPES,
            authorities=frozenset({authority}),
            registered_at=now,
            credentials=(credential,),
        )
        access(lambda connection: registration.add(connection, principal))
        return self.describe(authority, client_id=client_id, secret=secret)

    def seal_for(self, authority: str, key: Mapping[str, Any] | None, *, overlap: timedelta) -> str:
        """Seal for this public key, else for a new one whose private part comes into the authority's folder."""
        path = self.keyring.of_authority(authority, "decryption.jwk")
        public = dict(key) if key is not None else make_authority_key(path, authority=authority)
        self.keys.put(authority, public, others_until=datetime.now(UTC) + overlap)
        return str(self.keys.all()[authority][0]["kid"])

    def new_client(
        self, authority: str, *, client_id: str, key: Mapping[str, Any] | None, overlap: timedelta
    ) -> Path:
        """A new secret or key for HTTP; the one before goes on for the overlap."""
        credential, secret = self._credential(authority, key)
        rotated = access(
            lambda connection: registration.rotate(
                connection, client_id, credential=credential, overlap=overlap
            )
        )
        if not rotated:
            raise StackError(
                said(
                    de=f"{client_id} gibt es nicht, es ist gesperrt, oder es hatte schon den Nachweis {credential.id}.",
                    en=f"{client_id} does not exist, is revoked, or has had the credential {credential.id}.",
                )
            )
        return self.describe(authority, client_id=client_id, secret=secret)

    def new_password(self, authority: str, *, client_id: str | None) -> Path:
        """Another password for Kafka; the cluster knows one at a time, so the old one ends at once."""
        self.keyring.of_authority(authority, "kafka-password").unlink(missing_ok=True)
        kafka.admit(super_user(), logins=self._logins(authority))
        return self.describe(authority, client_id=client_id, secret=None)

    def revoke(self, authority: str, *, client_id: str) -> bool:
        """End its own access for good: Kafka at once, open connections too, HTTP within a minute."""
        endpoint = super_user()
        suspension.suspend(endpoint, authority)
        kafka.end_login(endpoint, authority_login(authority))
        self.keyring.of_authority(authority, "kafka-password").unlink(missing_ok=True)
        return access(lambda connection: registration.revoke(connection, client_id))

    def describe(self, authority: str, *, client_id: str | None, secret: str | None) -> Path:
        """Write the file that docs/authorities.md begins with; return where it lies.

        Without a ``client_id`` or a ``secret`` it goes on with the one that it has named.
        """
        path = self.keyring.of_authority(authority, "access.json")
        known_id, known_secret = self._named(authority, path)
        client_id = client_id or known_id
        if secret is None:
            secret = known_secret if client_id == known_id else ""
        entry = AuthorityDescription(
            username=authority_login(authority),
            password=self._logins(authority).passwords[authority_login(authority)],
            inbox_topic=AUTHORITY_INBOX.for_authority(authority),
            group=authority_login(authority),
            client_id=client_id,
            secret=secret,
            decryption_key_file=self.keyring.of_authority(authority, "decryption.jwk").absolute(),
        )
        endpoint = super_user()
        document = {
            "urls": installed_urls(),
            "kafka": {
                "bootstrap": os.environ.get("AMTSWEG_KAFKA_AUTHORITIES", endpoint.bootstrap),
                "securityProtocol": endpoint.security_protocol,
                "saslMechanism": SCRAM,
            },
            "authorities": {authority: entry.model_dump(mode="json", by_alias=True)},
        }
        write_secret(path, json.dumps(document, indent=2) + "\n")
        _into_stack(authority, entry)
        return path

    def _named(self, authority: str, path: Path) -> tuple[str, str]:
        """The HTTP client of the file, and its secret; before there is a file, the client that came with the local stack."""
        if path.exists():
            entry = json.loads(read_bounded(path, most=LARGE))["authorities"][authority]
            return entry["clientId"], entry["secret"]
        secret = self.keyring.of_authority(authority, "client-secret")
        return authority, read_bounded_text(secret).strip() if secret.exists() else ""

    def _logins(self, authority: str) -> Logins:
        return Logins.of({authority_login(authority): self.keyring.of_authority(authority, "kafka-password")})

    def _credential(self, authority: str, key: Mapping[str, Any] | None) -> tuple[Credential, str]:
        """The credential of its key, else of a new secret, and that secret."""
        now = datetime.now(UTC)
        if key is not None:
            return key_credential(key, now=now), ""
        secret = roll_secret()
        write_secret(self.keyring.of_authority(authority, "client-secret"), secret)
        return rolled_credential(secret, now=now), secret


def super_user() -> KafkaEndpoint:
    """A super user's way to Kafka: only a super user changes grants.

    Raises:
        OSError: nobody listens there. Without this look an administrator's request would be repeated for minutes.
    """
    endpoint = endpoints.kafka(os.environ) or _super_user_of_the_stack()
    asking("Kafka", endpoint.bootstrap)
    listening(endpoint.bootstrap)
    return endpoint


def _super_user_of_the_stack() -> KafkaEndpoint:
    found = running_stack().kafka
    return KafkaEndpoint(
        bootstrap=found.bootstrap,
        username=found.admin.username,
        password=found.admin.password,
        security_protocol=found.security_protocol,
    )


def ordered_suspensions(kafka: KafkaEndpoint) -> Mapping[str, datetime]:
    """The authorities that are suspended by order, and since when.

    Raises:
        StackError: Kafka does not tell.
    """
    try:
        return asyncio.run(read_suspensions(kafka.address())).now()
    except (Unavailable, KafkaError) as away:
        raise AwayError(
            said(
                de=f"Wer gesperrt ist, lässt sich bei {kafka.bootstrap} nicht lesen: {away}",
                en=f"who is suspended cannot be read at {kafka.bootstrap}: {away}",
            )
        ) from away


def installed_urls() -> dict[str, str]:
    """Where intake and doors are: as the environment says, else those of the local stack."""
    variables = {"intake": "AMTSWEG_INTAKE_URL", "router": "AMTSWEG_ROUTER_URL"}
    named = {name: given_address(os.environ.get(variable)) for name, variable in variables.items()}
    if all(named.values()):
        return {name: str(url) for name, url in named.items()}
    try:
        urls = StackDescription.read(stack_folder()).urls
    except FileNotFoundError:
        return {name: url or "" for name, url in named.items()}
    return {"intake": urls.intake, "router": urls.router}


def _into_stack(authority: str, entry: AuthorityDescription) -> None:
    """Tell the local stack's description, if there is one."""
    try:
        stack = StackDescription.read(stack_folder())
    except FileNotFoundError:
        return
    stack.model_copy(update={"authorities": {**stack.authorities, authority: entry}}).write(stack_folder())
