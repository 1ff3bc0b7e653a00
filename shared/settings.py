"""The settings that services share: ``AMTSWEG_`` variables; secrets are paths of files.

A service's own settings derive from ``ServiceSettings``; nested values are written with two underscores, for
example ``AMTSWEG_KAFKA__BOOTSTRAP``. Adapters get plain values, never these models.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    FilePath,
    IPvAnyNetwork,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.addresses import protected_brokers, protected_url, require_loopback
from shared.bounded_files import read_bounded

Port = Annotated[int, Field(ge=0, le=65535)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaConnection(_Frozen):
    """Kafka's address and this service's own principal."""

    bootstrap: Annotated[str, Field(description="Brokers to begin with: `host:port`, separated by commas.")]
    security_protocol: Annotated[
        Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"],
        Field(description="Beyond loopback `SASL_SSL` or `SSL` is required."),
    ] = "SASL_SSL"
    username: Annotated[str | None, Field(description="This service's own login (SCRAM-SHA-512).")] = None
    password_file: Annotated[FilePath | None, Field(description="The login's password.")] = None
    ca_file: Annotated[
        FilePath | None,
        Field(description="Whom to believe (PEM), where the system's own list does not suffice."),
    ] = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.security_protocol.startswith("SASL") and not (self.username and self.password_file):
            raise ValueError(f"{self.security_protocol} needs username and password_file")
        protected_brokers(self.bootstrap, protocol=self.security_protocol)
        return self


class PostgresConnection(_Frozen):
    """PostgreSQL's address and this service's own role."""

    url: Annotated[
        str,
        Field(
            description="`postgresql://role@host:port/database` without a password; beyond loopback with "
            "`?sslmode=verify-full`, and `sslrootcert` where the system's own list does not suffice."
        ),
    ]
    password_file: Annotated[FilePath | None, Field(description="The role's password.")] = None
    pool_size: Annotated[int, Field(ge=1, le=100, description="Connections at most.")] = 10

    @model_validator(mode="after")
    def _protected(self) -> Self:
        protected_url(self.url)
        return self


class HttpListener(_Frozen):
    """Where HTTP is served. Beyond loopback a certificate is required: tokens travel here."""

    host: Annotated[str, Field(description="Address to listen at.")] = "127.0.0.1"
    port: Annotated[Port, Field(description="Port to listen at; 0 takes a free one.")] = 0
    certificate_file: Annotated[
        FilePath | None, Field(description="Certificate (PEM); required beyond loopback.")
    ] = None
    key_file: Annotated[FilePath | None, Field(description="Private key of the certificate (PEM).")] = None
    operation_host: Annotated[
        str, Field(description="Address for `/health/…` and `/metrics`, where `operation_port` is given.")
    ] = "127.0.0.1"
    operation_port: Annotated[
        Port | None,
        Field(
            description="Port for `/health/…` and `/metrics`, which are then served there only; 0 takes a free one."
        ),
    ] = None
    keep_alive_seconds: Annotated[
        int,
        Field(ge=1, le=3600, description="How long a connection rests open; longer than a proxy keeps it."),
    ] = 75
    connections: Annotated[int, Field(ge=1, description="Connections in total.")] = 5000
    connections_per_address: Annotated[
        int, Field(ge=1, description="Connections of one IPv4 address or IPv6 /64.")
    ] = 500
    proxies: Annotated[
        tuple[IPvAnyNetwork, ...],
        Field(
            description="Reverse proxies (JSON list of addresses or networks): they hold any number of connections, "
            "and their `X-Forwarded-For` says who asks."
        ),
    ] = ()

    @model_validator(mode="after")
    def _protected(self) -> Self:
        for host in (self.host, self.operation_host):
            if self.certificate_file is None:
                require_loopback(host, what="HTTP", instead="certificate_file and key_file")
        return self


def _protected(url: AnyUrl) -> AnyUrl:
    protected_url(str(url))
    return url


ProtectedUrl = Annotated[AnyUrl, AfterValidator(_protected)]
"""The address of a server; beyond loopback only ``https`` or ``rediss``, whose TLS verifies the server."""


class ObjectStoreConnection(_Frozen):
    """An object store (S3) and our key to it."""

    url: Annotated[
        ProtectedUrl,
        Field(
            description="Bucket and prefix at the store's address, for example `https://s3.example/amtsweg/hessen`; nothing else lies there."
        ),
    ]
    region: Annotated[str, Field(description="The store's region.")] = "us-east-1"
    access_key_id: Annotated[str, Field(description="Who we are to the store.")]
    secret_key_file: Annotated[FilePath, Field(description="File with the secret access key.")]


class TraceExport(_Frozen):
    """Where traces go (OpenTelemetry, OTLP over HTTP)."""

    endpoint: Annotated[
        ProtectedUrl,
        Field(description="The receiver, for example `https://collector:4318/v1/traces`."),
    ]
    ca_file: Annotated[
        FilePath | None,
        Field(description="Whom to believe (PEM), where the system's own list does not suffice."),
    ] = None
    share: Annotated[
        float, Field(ge=0, le=1, description="How many of the traces that begin here are kept: 1 is all.")
    ] = 1.0


class ServiceSettings(BaseSettings):
    """The settings of every service; an invalid value prevents the start and the error names the variable."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_prefix="AMTSWEG_", env_nested_delimiter="__"
    )

    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(description="What is logged at least.")
    ] = "INFO"
    instance: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9-]{1,40}$",
            description="This replica's ordinal. Two processes with the same one fence each other in an endless loop.",
        ),
    ] = "0"
    traces: TraceExport | None = None


class PeriodSettings(ServiceSettings):
    """The settings of a service that waits for the end of statutory periods."""

    kafka: KafkaConnection
    clock_ahead: Annotated[
        timedelta,
        Field(
            ge=timedelta(),
            description="For demonstrations: how far the clock of statutory periods is ahead. Only where Kafka is on loopback.",
        ),
    ] = timedelta()

    @model_validator(mode="after")
    def _clock_is_true_beyond_loopback(self) -> Self:
        if self.clock_ahead and self.kafka.security_protocol.endswith("SSL"):
            raise ValueError("clock_ahead is for a local stack only")
        return self


def read_secret(path: Path) -> str:
    """Return the secret in a file, without the end of the line.

    Raises:
        ValueError: the file is no text in UTF-8; of its content the error repeats nothing.
        OSError: it cannot be read, or is larger than any secret.
    """
    try:
        return read_bounded(path).decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected text in UTF-8; byte {error.start} is none") from None


def read_optional_secret(path: Path | None) -> str | None:
    """Return the secret in a file, or None without a file; raises as `read_secret` does."""
    return None if path is None else read_secret(path)


Issuer = Annotated[str, Field(pattern=r"^https?://[^\s?#]+[^\s?#/]$"), AfterValidator(protected_url)]
"""The identifier of a token issuer (RFC 8414), kept exactly as written; ``https`` beyond loopback."""


class SignIn(_Frozen):
    """Where people sign in (OpenID Connect, authorization code with PKCE). Beyond loopback everything is ``https``."""

    issuer: Annotated[Issuer, Field(description="The issuer, as its metadata names it.")]
    client_id: Annotated[str, Field(description="This process's client at the issuer.")]
    client_secret_file: Annotated[
        FilePath | None, Field(description="The client's secret; absent for a public client.")
    ] = None
    public_url: Annotated[
        Issuer, Field(description="How browsers reach this process; the issuer leads back to it.")
    ]
    person_claim: Annotated[
        str,
        Field(
            description="Claim that holds the person's id: small letters, digits, `-`; it stands on record."
        ),
    ] = "sub"
    authorities_claim: Annotated[
        str, Field(description="Claim that lists the authorities for which a clerk acts.")
    ] = "authorities"
    idle: Annotated[
        timedelta, Field(gt=timedelta(), le=timedelta(hours=8), description="How long a session may rest.")
    ] = timedelta(minutes=30)
    longest: Annotated[
        timedelta,
        Field(gt=timedelta(), le=timedelta(hours=24), description="When a session ends in any case."),
    ] = timedelta(hours=10)

    def secret(self) -> str | None:
        """The client's secret, where it has one."""
        return read_optional_secret(self.client_secret_file)
