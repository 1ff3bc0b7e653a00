"""How a server is reached as its administrator: one of our own parts, or a real one named in the environment."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from confluent_kafka.admin import AdminClient

from amtsweg.language import said
from amtsweg.stack.errors import WrongCallError
from shared.addresses import Unprotected, protected_brokers, protected_url
from shared.bounded_files import read_bounded_text
from shared.kafka.client import KafkaAddress

SCRAM = "SCRAM-SHA-512"


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaEndpoint:
    """A cluster and its super user."""

    bootstrap: str
    username: str
    password: str = field(repr=False)
    security_protocol: str = "SASL_PLAINTEXT"
    ca_file: Path | None = None

    def client(self) -> dict[str, str | int | float | bool]:
        """The configuration of a confluent-kafka client."""
        settings: dict[str, str | int | float | bool] = {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": self.security_protocol,
            "sasl.mechanism": SCRAM,
            "sasl.username": self.username,
            "sasl.password": self.password,
            "reconnect.backoff.ms": "20",
            "reconnect.backoff.max.ms": "200",
        }
        return settings | ({"ssl.ca.location": str(self.ca_file)} if self.ca_file else {})

    def address(self) -> KafkaAddress:
        """The same for our own clients."""
        return KafkaAddress(
            bootstrap=self.bootstrap,
            security_protocol=self.security_protocol,
            username=self.username,
            password=self.password,
            ca_file=self.ca_file,
        )

    def admin(self) -> AdminClient:
        """Keep the client while its answers are awaited: with it go its requests."""
        return AdminClient(self.client(), logger=SILENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresEndpoint:
    """A server and a user who may create roles and databases."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    options: str = ""
    """What the URL says behind its question mark, for example how the server is verified."""

    def url(self, database: str, *, role: str | None = None) -> str:
        """The URL of one of its databases, in the shoes of `role` where one is named."""
        user, password = quote(self.user, safe=""), quote(self.password, safe="")
        query = "&".join(filter(None, (self.options, role and f"role={role}")))
        return (
            f"postgresql://{user}:{password}@{self.host}:{self.port}/{database}{'?' if query else ''}{query}"
        )


def kafka(environment: Mapping[str, str]) -> KafkaEndpoint | None:
    """The cluster at `AMTSWEG_KAFKA_BOOTSTRAP`, if that is set.

    `AMTSWEG_KAFKA_USERNAME` and `AMTSWEG_KAFKA_PASSWORD_FILE` are a super user's; `AMTSWEG_KAFKA_SECURITY_PROTOCOL`
    (SASL_SSL unless set) and `AMTSWEG_KAFKA_CA_FILE` are optional.

    Raises:
        StackError: one of them is missing, cannot be read, or lies beyond loopback without verified TLS.
    """
    bootstrap = environment.get("AMTSWEG_KAFKA_BOOTSTRAP")
    if not bootstrap:
        return None
    try:
        password = read_bounded_text(Path(environment["AMTSWEG_KAFKA_PASSWORD_FILE"])).strip()
        username = environment["AMTSWEG_KAFKA_USERNAME"]
    except (KeyError, OSError) as error:
        raise WrongCallError(
            said(
                de="AMTSWEG_KAFKA_BOOTSTRAP ist gesetzt; auch AMTSWEG_KAFKA_USERNAME und AMTSWEG_KAFKA_PASSWORD_FILE des "
                f"Superusers werden gebraucht: {error}",
                en="AMTSWEG_KAFKA_BOOTSTRAP is set; the super user's AMTSWEG_KAFKA_USERNAME and AMTSWEG_KAFKA_PASSWORD_FILE "
                f"are needed too: {error}",
            )
        ) from error
    ca_file = environment.get("AMTSWEG_KAFKA_CA_FILE")
    protocol = environment.get("AMTSWEG_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    try:
        protected_brokers(bootstrap, protocol=protocol)
    except Unprotected as clear:
        raise WrongCallError(f"AMTSWEG_KAFKA_BOOTSTRAP: {clear}") from None
    return KafkaEndpoint(
        bootstrap=bootstrap,
        username=username,
        password=password,
        security_protocol=protocol,
        ca_file=Path(ca_file) if ca_file else None,
    )


def postgres(environment: Mapping[str, str]) -> PostgresEndpoint | None:
    """The server at `AMTSWEG_POSTGRES_URL`, if that is set: `postgresql://user:password@host:port/…`.

    The user may create roles and databases. `AMTSWEG_POSTGRES_PASSWORD_FILE` may stand for the password in the URL.

    Raises:
        StackError: the URL is incomplete, or lies beyond loopback without ``sslmode=verify-full``.
    """
    url = environment.get("AMTSWEG_POSTGRES_URL")
    if not url:
        return None
    try:
        parts = urlsplit(protected_url(url))
    except ValueError as refused:
        raise WrongCallError(f"AMTSWEG_POSTGRES_URL: {refused}") from None
    file = environment.get("AMTSWEG_POSTGRES_PASSWORD_FILE")
    password = read_bounded_text(Path(file)).strip() if file else unquote(parts.password or "")
    if not (parts.hostname and parts.username and password):
        raise WrongCallError(
            f"AMTSWEG_POSTGRES_URL: {said(de='erwartet wird', en='expected')} postgresql://user:password@host:port/database"
        )
    return PostgresEndpoint(
        host=parts.hostname,
        port=parts.port or 5432,
        user=unquote(parts.username),
        password=password,
        options=parts.query,
    )


def redis(environment: Mapping[str, str]) -> str | None:
    """The server at `AMTSWEG_REDIS_URL`, if that is set.

    Raises:
        StackError: it lies beyond loopback without verified TLS.
    """
    url = environment.get("AMTSWEG_REDIS_URL")
    try:
        return protected_url(url) if url else None
    except ValueError as refused:
        raise WrongCallError(f"AMTSWEG_REDIS_URL: {refused}") from None


# While a broker starts, librdkafka reports every refused connection; the outcome of the wait says enough.
SILENT = logging.Logger("amtsweg.stack.librdkafka")  # noqa: LOG001 -- outside the tree: nothing to configure
SILENT.addHandler(logging.NullHandler())
