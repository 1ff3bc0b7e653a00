"""From an empty folder to a stack that services can start in: secrets, schemas, topics, the description."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from amtsweg.credentials import (
    auditor_token,
    key_credential,
    rolled_credential,
    sealing_key,
    secret_credential,
)
from amtsweg.directory.folder import open_directory, shipped
from amtsweg.stack import ports
from amtsweg.stack.description import (
    AuditDescription,
    AuditorDescription,
    AuthorityDescription,
    ClientDescription,
    DeskDescription,
    KafkaDescription,
    KafkaLogin,
    PostgresDescription,
    SignInDescription,
    SmtpDescription,
    StackDescription,
    Urls,
)
from amtsweg.stack.endpoints import SCRAM, KafkaEndpoint, PostgresEndpoint
from amtsweg.stack.issuer.description import PERSONS
from amtsweg.stack.people import AUDITOR, CLERK, OPERATOR, TILE_READER, auditors, persons, registered_as
from amtsweg.stack.provision import kafka, postgres
from amtsweg.stack.provision.directory import seed_directory
from amtsweg.stack.provision.grants import DUTIES, authority_login, operator_login, services_and_operators
from amtsweg.stack.provision.keys import (
    Keyring,
    make_client_key,
    make_decryption_key,
    make_keys,
    make_token,
)
from amtsweg.stack.provision.logins import Logins
from amtsweg.stack.provision.quotas import provision_quotas
from amtsweg.stack.provision.sandbox import SANDBOX, SandboxFiles, sandbox_principal
from amtsweg.stack.services import PAGES, ServiceEnvironment
from services.intake.domain.client import SCOPES
from shared.access.principal import Credential, Principal, PrincipalKind
from shared.events.topics import AUTHORITY_INBOX

LOG_ORIGIN = "log.amtsweg.localhost/hessen"
_CLIENT = "landesplattform"
_JWT_CLIENT = "landesplattform-jwt"
AUTHORITY_SCOPES = frozenset({"inbox.read", "answers.write", "webhooks.write"})
"""What an authority may do at the doors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupSecrets:
    """What a set-up keeps for itself in one folder; `clients` are those that are registered from the start.

    `fresh_clients` are those of them whose secret or key was made just now.
    """

    authorities: tuple[str, ...]
    keys: Keyring
    kafka: Logins
    postgres: Logins
    tokens: Mapping[str, str]
    client_secret: str
    clerk_secret: str
    clients: tuple[Principal, ...]
    fresh_clients: frozenset[str]
    authority_secrets: Mapping[str, str]
    sign_in_secrets: Mapping[str, str]


def make_secrets(folder: Path) -> SetupSecrets:
    """Keys, passwords and tokens for everybody in the directory; what is there stays."""
    authorities = _authorities()
    keys = make_keys(folder, authorities=authorities, log_origin=LOG_ORIGIN)
    kafka_files = {name: keys.of(name, "kafka-password") for name in services_and_operators()} | {
        authority_login(authority): keys.of_authority(authority, "kafka-password")
        for authority in authorities
    }
    proofs = {client: _client_secret(keys, client) for client in (_CLIENT, CLERK, OPERATOR)}
    proofs |= {auditor: keys.of("auditors", auditor) for auditor in (AUDITOR, TILE_READER)}
    proofs |= {_JWT_CLIENT: _client_key(keys), SANDBOX: SandboxFiles.of(keys).secret}
    proofs |= {authority: keys.of_authority(authority, "client-secret") for authority in authorities}
    fresh = frozenset(client for client, path in proofs.items() if not path.exists())
    secret, clerk_secret, operator_secret = (make_token(proofs[each]) for each in (_CLIENT, CLERK, OPERATOR))
    authority_secrets = {authority: make_token(proofs[authority]) for authority in authorities}
    auditor_secrets = {auditor: make_token(proofs[auditor]) for auditor in (AUDITOR, TILE_READER)}
    return SetupSecrets(
        authorities=authorities,
        authority_secrets=authority_secrets,
        sign_in_secrets={process: make_token(keys.sign_in(process)) for process in PAGES},
        keys=keys,
        kafka=Logins.of(kafka_files),
        postgres=Logins.of({role: keys.of(role, "postgres-password") for role in postgres.ROLES}),
        tokens={auditor: auditor_token(auditor, own) for auditor, own in auditor_secrets.items()},
        client_secret=secret,
        clerk_secret=clerk_secret,
        fresh_clients=fresh,
        clients=(
            *_clients(secret, make_client_key(proofs[_JWT_CLIENT], client=_JWT_CLIENT), keys),
            *persons(clerk_secret, operator_secret),
            *auditors(auditor_secrets),
            *_authority_clients(authority_secrets),
            sandbox_principal(SandboxFiles.of(keys)),
        ),
    )


def _clients(secret: str, public_key: dict[str, Any], keys: Keyring) -> Iterator[Principal]:
    now = datetime.now(UTC)
    registered: tuple[tuple[str, PrincipalKind, str, Sequence[str], Credential], ...] = (
        (_CLIENT, "platform", "Landesplattform", SCOPES, secret_credential(secret, now=now)),
        (
            _JWT_CLIENT,
            "platform",
            "Landesplattform (private_key_jwt)",
            SCOPES,
            key_credential(public_key, now=now),
        ),
    )
    for principal in registered_as(registered, now=now):
        own = make_decryption_key(_decryption_key(keys, principal.id), owner=principal.id)
        yield replace(principal, sealing_keys=(sealing_key(own),))


def _authority_clients(secrets: Mapping[str, str]) -> Iterator[Principal]:
    """Each authority's own way over HTTP: for itself, at the doors."""
    now = datetime.now(UTC)
    for authority, secret in secrets.items():
        yield Principal(
            id=authority,
            kind="authority",
            name=authority,
            scopes=AUTHORITY_SCOPES,
            authorities=frozenset({authority}),
            registered_at=now,
            credentials=(rolled_credential(secret, now=now),),
        )


def provision_kafka(endpoint: KafkaEndpoint, made: SetupSecrets, *, partitions: int | None = None) -> None:
    """Topics, users, grants; and the shipped directory as the first version, where nothing is published yet."""
    prepare_kafka(endpoint, made, partitions=partitions)
    admit_authorities(endpoint, made)


def prepare_kafka(endpoint: KafkaEndpoint, made: SetupSecrets, *, partitions: int | None = None) -> None:
    """What services need in order to start."""
    kafka.prepare(endpoint, authorities=made.authorities, logins=made.kafka, partitions=partitions)
    seed_directory(endpoint, shipped())


def admit_authorities(endpoint: KafkaEndpoint, made: SetupSecrets) -> None:
    """The rest: hundreds of users, and what each may take."""
    kafka.admit(endpoint, logins=made.kafka)
    provision_quotas(endpoint, made.authorities)


def provision_postgres(endpoint: PostgresEndpoint, made: SetupSecrets) -> None:
    postgres.provision(endpoint, logins=made.postgres, registered=made.clients, fresh=made.fresh_clients)


def describe(around: ServiceEnvironment, *, made: SetupSecrets) -> StackDescription:
    """What stack.json says."""
    log = f"http://{ports.LOOPBACK}:{around.http['audit']}/log"
    server = around.postgres
    return StackDescription(
        urls=Urls(
            intake=around.url("intake"),
            router=around.url("doors"),
            desk=around.url("desk"),
            notifier=around.url("notifier"),
            audit=around.url("audit"),
        ),
        kafka=_kafka(around, made),
        postgres=PostgresDescription(
            host=server.host, port=server.port, database=postgres.DATABASE, url=server.url(postgres.DATABASE)
        ),
        redis_url=around.redis_url,
        authorities={authority: _authority(authority, made) for authority in made.authorities},
        clients=_described_clients(made),
        desk=DeskDescription(client_id=CLERK, secret=made.clerk_secret),
        sign_in=SignInDescription(issuer=around.issuer, persons={each.id: each.does for each in PERSONS}),
        auditor=AuditorDescription(name=AUDITOR, token=made.tokens[AUDITOR]),
        smtp=SmtpDescription(host=ports.LOOPBACK, port=around.smtp_port, maildir=around.var / "mail"),
        audit=AuditDescription(
            log_url=log,
            origin=around.log_origin,
            verifier_key=made.keys.log_verifier(),
            policy_file=made.keys.policy,
            tile_directory=around.tile_folder,
            pseudonym_key_file=made.keys.pseudonyms,
            entry_token=made.tokens[TILE_READER],
        ),
    )


def _kafka(around: ServiceEnvironment, made: SetupSecrets) -> KafkaDescription:
    logins = {duty: operator_login(duty) for duty in DUTIES}
    return KafkaDescription(
        bootstrap=around.kafka.bootstrap,
        security_protocol=around.kafka.security_protocol,
        sasl_mechanism=SCRAM,
        admin=KafkaLogin(username=around.kafka.username, password=around.kafka.password),
        operators={
            duty: KafkaLogin(username=login, password=made.kafka.passwords[login])
            for duty, login in logins.items()
        },
    )


def _described_clients(made: SetupSecrets) -> dict[str, ClientDescription]:
    return {
        _CLIENT: ClientDescription(
            client_id=_CLIENT,
            secret=made.client_secret,
            decryption_key_file=_decryption_key(made.keys, _CLIENT),
        ),
        _JWT_CLIENT: ClientDescription(
            client_id=_JWT_CLIENT,
            private_key_file=_client_key(made.keys),
            decryption_key_file=_decryption_key(made.keys, _JWT_CLIENT),
        ),
    }


def _authority(authority: str, made: SetupSecrets) -> AuthorityDescription:
    login = authority_login(authority)
    return AuthorityDescription(
        username=login,
        password=made.kafka.passwords[login],
        inbox_topic=AUTHORITY_INBOX.for_authority(authority),
        group=login,
        client_id=authority,
        secret=made.authority_secrets[authority],
        decryption_key_file=made.keys.of_authority(authority, "decryption.jwk"),
    )


def _authorities() -> tuple[str, ...]:
    """The authorities that are competent today or later."""
    today = datetime.now(UTC).date()
    everybody = open_directory(None).authorities.values()
    return tuple(authority.id for authority in everybody if authority.days.last >= today)


def _client_secret(keys: Keyring, client: str) -> Path:
    return keys.of("clients", f"{client}.secret")


def _decryption_key(keys: Keyring, client: str) -> Path:
    """What in production only the client itself has: it opens what authorities have sealed for it."""
    return keys.of("clients", f"{client}.decryption.jwk")


def _client_key(keys: Keyring) -> Path:
    return keys.of("clients", f"{_JWT_CLIENT}.jwk")
