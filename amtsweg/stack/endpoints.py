"""How a server is reached as its administrator: one of our own parts, or a real one named in the environment."""

import logging
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka.admin import AdminClient

SCRAM = "SCRAM-SHA-512"


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaEndpoint:
    """A cluster and its super user."""

    bootstrap: str
    username: str
    password: str = field(repr=False)
    security_protocol: str = "SASL_PLAINTEXT"
    ca_file: Path | None = None
    replication: int = 1

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

    def admin(self) -> AdminClient:
        """Keep the client while its answers are awaited: with it go its requests."""
        return AdminClient(self.client(), logger=_SILENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresEndpoint:
    """A server and a user who may create roles and databases."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)

    def url(self, database: str) -> str:
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{database}"


# While a broker starts, librdkafka reports every refused connection; whoever waits sees the outcome anyway.
_SILENT = logging.Logger("amtsweg.stack.librdkafka")  # noqa: LOG001 -- outside the tree: nothing to configure
_SILENT.addHandler(logging.NullHandler())
