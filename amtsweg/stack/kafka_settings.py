"""Kafka's server.properties for one KRaft node, the same for the local part and for the container."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from amtsweg.stack.endpoints import SCRAM

ADMIN = "admin"
CONTROLLER = "controller"
_DAY_MS = 24 * 3600 * 1000

_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "inter.broker.listener.name": "CLIENT",
    "controller.listener.names": "CONTROLLER",
    "sasl.mechanism.inter.broker.protocol": SCRAM,
    "sasl.mechanism.controller.protocol": "PLAIN",
    "listener.name.client.sasl.enabled.mechanisms": SCRAM,
    "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "false",
    "super.users": f"User:{ADMIN};User:{CONTROLLER}",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "8",
    # A restart resumes by transactional id; the broker must not have forgotten it over a long weekend.
    "transactional.id.expiration.ms": str(14 * _DAY_MS),
    "group.initial.rebalance.delay.ms": "0",
    # A record stays 30 days: a group that comes back then still finds its position.
    "offsets.retention.minutes": str(35 * 24 * 60),
    # One address holds the connections of a provider for hundreds, and no more; here everybody has the same one.
    "max.connections.per.ip": "2000",
    "max.connections.per.ip.overrides": "127.0.0.1:20000",
    # After a kill -9 the node may register again only when its former self has timed out.
    "broker.session.timeout.ms": "6000",
    "broker.heartbeat.interval.ms": "500",
    # One partition for each of 900 authority topics: small indexes, a small cleaner, room for the largest record.
    "log.index.size.max.bytes": str(1 << 20),
    "log.cleaner.dedupe.buffer.size": str(16 << 20),
    "message.max.bytes": str(32 << 20),
    "replica.fetch.max.bytes": str(32 << 20),
}
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
_SCRAM_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule"


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files: key and certificate in one, and the authority that clients and the node itself trust."""

    key_and_chain: PurePath
    authority: PurePath


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideListener:
    """The listener of authorities, which come from outside: over TLS, with SCRAM, and never from another node."""

    listens: str
    advertised: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerNode:
    """`listens` and `advertised` are `host:port` for clients; the controller is reached from this node alone."""

    listens: str
    advertised: str
    controller: str
    data: PurePath
    passwords: Mapping[str, str] = field(repr=False)
    certificate: Certificate | None = None
    outside: OutsideListener | None = None

    def __post_init__(self) -> None:
        if self.outside is not None and self.certificate is None:
            raise ValueError("a listener for authorities takes a certificate")


def format_arguments(admin: str) -> str:
    """The arguments of `kafka-storage.sh format`, one a line, by which the super user has this password from the start."""
    return f"--add-scram\n{SCRAM}=[name={ADMIN},password={admin}]\n"


def properties(node: BrokerNode) -> str:
    """The text of server.properties; it holds passwords."""
    client = "SASL_SSL" if node.certificate else "SASL_PLAINTEXT"
    admin, controller = node.passwords[ADMIN], node.passwords[CONTROLLER]
    settings = _SETTINGS | {
        "listener.security.protocol.map": f"CLIENT:{client},CONTROLLER:SASL_PLAINTEXT",
        "listeners": f"CLIENT://{node.listens},CONTROLLER://{node.controller}",
        "advertised.listeners": f"CLIENT://{node.advertised},CONTROLLER://{node.controller}",
        "controller.quorum.voters": f"1@{node.controller}",
        "log.dirs": str(node.data),
        "listener.name.controller.plain.sasl.jaas.config": (
            f'{_PLAIN} required username="{CONTROLLER}" password="{controller}" user_{CONTROLLER}="{controller}";'
        ),
        "listener.name.client.scram-sha-512.sasl.jaas.config": (
            f'{_SCRAM_LOGIN} required username="{ADMIN}" password="{admin}";'
        ),
    }
    if node.certificate:
        settings |= {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(node.certificate.key_and_chain),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(node.certificate.authority),
        }
    if node.outside:
        settings |= {
            "listener.security.protocol.map": f"{settings['listener.security.protocol.map']},AUTHORITIES:SASL_SSL",
            "listeners": f"{settings['listeners']},AUTHORITIES://{node.outside.listens}",
            "advertised.listeners": f"{settings['advertised.listeners']},AUTHORITIES://{node.outside.advertised}",
            "listener.name.authorities.sasl.enabled.mechanisms": SCRAM,
            "listener.name.authorities.scram-sha-512.sasl.jaas.config": f"{_SCRAM_LOGIN} required;",
        }
    return "".join(f"{name}={value}\n" for name, value in settings.items())
