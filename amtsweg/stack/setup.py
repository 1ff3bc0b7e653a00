"""From an empty folder to a stack that services can start in: secrets, schemas, topics, the description."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from amtsweg.directory.folder import open_directory, shipped
from amtsweg.stack import ports
from amtsweg.stack.description import (
    AuditDescription,
    AuditorDescription,
    AuthorityDescription,
    KafkaDescription,
    KafkaLogin,
    PostgresDescription,
    SmtpDescription,
    StackDescription,
    Urls,
)
from amtsweg.stack.endpoints import SCRAM
from amtsweg.stack.provision import kafka, keys, postgres
from amtsweg.stack.provision.grants import OPERATOR, authority_login, principals
from amtsweg.stack.provision.logins import Logins
from amtsweg.stack.servers import Servers
from amtsweg.stack.services import Surroundings
from shared.events.topics import AUTHORITY_INBOX, AUTHORITY_OUTBOX

LOG_ORIGIN = "log.amtsweg.localhost/hessen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What a set-up keeps for itself below `var`."""

    authorities: tuple[str, ...]
    keys: keys.Keys
    kafka: Logins
    postgres: Logins


def make_secrets(var: Path) -> Secrets:
    """Keys and passwords for everybody in the directory; what is there stays."""
    authorities = _authorities()
    folder = var / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    return Secrets(
        authorities=authorities,
        keys=keys.make(var / "keys", authorities=authorities, log_origin=LOG_ORIGIN),
        kafka=Logins.below(folder / "kafka", principals(authorities)),
        postgres=Logins.below(folder / "postgres", postgres.ROLES),
    )


def provision_kafka(servers: Servers, made: Secrets) -> None:
    kafka.provision(servers.kafka_endpoint, authorities=made.authorities, logins=made.kafka)


def provision_postgres(servers: Servers, made: Secrets) -> None:
    postgres.provision(servers.postgres_endpoint, logins=made.postgres)


def surroundings(var: Path, *, servers: Servers, made: Secrets, http: Mapping[str, int]) -> Surroundings:
    return Surroundings(
        var=var,
        directory=shipped(),
        kafka=servers.kafka_endpoint,
        kafka_logins=made.kafka,
        postgres=servers.postgres_endpoint,
        postgres_logins=made.postgres,
        redis_url=servers.redis_url,
        smtp_port=servers.mail.port,
        keys=made.keys,
        log_origin=LOG_ORIGIN,
        http=http,
    )


def describe(around: Surroundings, *, made: Secrets) -> StackDescription:
    """What stack.json says."""
    log = f"http://{ports.LOOPBACK}:{around.http['audit']}/log"
    server = around.postgres
    return StackDescription(
        urls=Urls(**{name: f"http://{ports.LOOPBACK}:{port}" for name, port in around.http.items()}),
        kafka=KafkaDescription(
            bootstrap=around.kafka.bootstrap,
            security_protocol=around.kafka.security_protocol,
            sasl_mechanism=SCRAM,
            admin=KafkaLogin(username=around.kafka.username, password=around.kafka.password),
            operator=KafkaLogin(username=OPERATOR, password=made.kafka.passwords[OPERATOR]),
        ),
        postgres=PostgresDescription(
            host=server.host, port=server.port, database=postgres.DATABASE, url=server.url(postgres.DATABASE)
        ),
        redis_url=around.redis_url,
        authorities={authority: _authority(authority, made) for authority in made.authorities},
        clients={},
        auditor=AuditorDescription(name="", token=""),
        smtp=SmtpDescription(host=ports.LOOPBACK, port=around.smtp_port, maildir=around.var / "mail"),
        audit=AuditDescription(
            log_url=log,
            origin=around.log_origin,
            verifier_key=made.keys.log_verifier(),
            tile_directory=around.tile_folder,
            entry_token="",
        ),
    )


def _authority(authority: str, made: Secrets) -> AuthorityDescription:
    login = authority_login(authority)
    return AuthorityDescription(
        username=login,
        password=made.kafka.passwords[login],
        inbox_topic=AUTHORITY_INBOX.for_authority(authority),
        outbox_topic=AUTHORITY_OUTBOX.for_authority(authority),
        group=login,
        decryption_key_file=made.keys.authority(authority),
    )


def _authorities() -> tuple[str, ...]:
    """Whoever can be competent from today on."""
    today = datetime.now(UTC).date()
    everybody = open_directory(None).authorities.values()
    return tuple(authority.id for authority in everybody if authority.days.last >= today)
