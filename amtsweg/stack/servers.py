"""The servers under the services: our own parts, or real ones that the environment names.

`AMTSWEG_KAFKA_BOOTSTRAP` (with `_USERNAME`, `_PASSWORD_FILE`, `_SECURITY_PROTOCOL`, `_CA_FILE` of a super user),
`AMTSWEG_POSTGRES_URL` (of a user who may create roles and databases) and `AMTSWEG_REDIS_URL` replace a part.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from amtsweg.stack import ports
from amtsweg.stack.endpoints import KafkaEndpoint, PostgresEndpoint
from amtsweg.stack.errors import StackError
from amtsweg.stack.kafka import Kafka
from amtsweg.stack.mail import MailSink
from amtsweg.stack.parts import Part
from amtsweg.stack.postgres import Postgres
from amtsweg.stack.redis import Redis


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """`kafka`, `postgres`, `redis` are either a part or where a real server is."""

    kafka: Kafka | KafkaEndpoint
    postgres: Postgres | PostgresEndpoint
    redis: Redis | str
    mail: MailSink

    @property
    def parts(self) -> tuple[Part, ...]:
        """Those that we start, the slowest first."""
        return tuple(s for s in (self.kafka, self.postgres, self.redis, self.mail) if isinstance(s, Part))

    @property
    def kafka_endpoint(self) -> KafkaEndpoint:
        return self.kafka.endpoint if isinstance(self.kafka, Kafka) else self.kafka

    @property
    def postgres_endpoint(self) -> PostgresEndpoint:
        return self.postgres.endpoint if isinstance(self.postgres, Postgres) else self.postgres

    @property
    def redis_url(self) -> str:
        return self.redis.url if isinstance(self.redis, Redis) else self.redis


def choose(var: Path, environment: Mapping[str, str]) -> Servers:
    """The servers below `var`, on their usual ports where these are free."""
    return Servers(
        kafka=_kafka(environment)
        or Kafka(var, port=ports.free_port(9092), controller_port=ports.free_port(9093)),
        postgres=_postgres(environment) or Postgres(var, port=ports.free_port(5432)),
        redis=environment.get("AMTSWEG_REDIS_URL") or Redis(var, port=ports.free_port(6379)),
        mail=MailSink(var, port=ports.free_port(1025)),
    )


def _kafka(environment: Mapping[str, str]) -> KafkaEndpoint | None:
    bootstrap = environment.get("AMTSWEG_KAFKA_BOOTSTRAP")
    if not bootstrap:
        return None
    try:
        password = Path(environment["AMTSWEG_KAFKA_PASSWORD_FILE"]).read_text().strip()
        username = environment["AMTSWEG_KAFKA_USERNAME"]
    except (KeyError, OSError) as error:
        raise StackError(
            f"AMTSWEG_KAFKA_BOOTSTRAP is set; the super user's AMTSWEG_KAFKA_USERNAME and AMTSWEG_KAFKA_PASSWORD_FILE "
            f"are needed too: {error}"
        ) from error
    ca_file = environment.get("AMTSWEG_KAFKA_CA_FILE")
    return KafkaEndpoint(
        bootstrap=bootstrap,
        username=username,
        password=password,
        security_protocol=environment.get("AMTSWEG_KAFKA_SECURITY_PROTOCOL", "SASL_SSL"),
        ca_file=Path(ca_file) if ca_file else None,
    )


def _postgres(environment: Mapping[str, str]) -> PostgresEndpoint | None:
    url = environment.get("AMTSWEG_POSTGRES_URL")
    if not url:
        return None
    parts = urlsplit(url)
    if not (parts.hostname and parts.username and parts.password):
        raise StackError("AMTSWEG_POSTGRES_URL: expected postgresql://user:password@host:port/database")
    return PostgresEndpoint(
        host=parts.hostname,
        port=parts.port or 5432,
        user=unquote(parts.username),
        password=unquote(parts.password),
    )
