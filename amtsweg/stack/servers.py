"""The servers under the services: our own parts, or real ones that the environment names.

`AMTSWEG_KAFKA_BOOTSTRAP`, `AMTSWEG_POSTGRES_URL` (see `endpoints`) and `AMTSWEG_REDIS_URL` replace a part.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from amtsweg.stack import endpoints, ports
from amtsweg.stack.endpoints import KafkaEndpoint, PostgresEndpoint
from amtsweg.stack.kafka import Kafka
from amtsweg.stack.mail import MailSink
from amtsweg.stack.postgres import Postgres
from amtsweg.stack.process import Part
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
        kafka=endpoints.kafka(environment)
        or Kafka(var, port=ports.free_port(9092), controller_port=ports.free_port(9093)),
        postgres=endpoints.postgres(environment) or Postgres(var, port=ports.free_port(5432)),
        redis=endpoints.redis(environment) or Redis(var, port=ports.free_port(6379)),
        mail=MailSink(var, port=ports.free_port(1025), mailbox_port=ports.free_port(1026)),
    )
