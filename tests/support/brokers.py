"""Three brokers on this machine, as a production cluster has them: three copies of everything, two of which must be in sync."""

import json
import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka.admin import NewTopic

from amtsweg.stack import ports
from amtsweg.stack.endpoints import KafkaEndpoint
from amtsweg.stack.kafka import Kafka
from amtsweg.stack.kafka_settings import ADMIN, CONTROLLER
from amtsweg.stack.provision.logins import write_secret
from shared.kafka.client import KafkaAddress
from tests.support.stack import KafkaAccess

_CLUSTER_ID = "9tLfOtGmSIKu3kPzmtzXbA"
OF_THREE = {
    "default.replication.factor": "3",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "unclean.leader.election.enable": "false",
}
"""What docs/operations.md asks of the brokers."""


class OneOfThree(Kafka):
    """A broker that is a controller, too, and knows both others."""

    def __init__(
        self, var: Path, number: int, *, port: int, voters: Mapping[int, int], passwords: str
    ) -> None:
        super().__init__(
            var / f"broker-{number}",
            port=port,
            controller_port=voters[number],
            heap_mb=384,
            cluster_id=_CLUSTER_ID,
        )
        self.number = number
        self.name = f"kafka-{number}"
        self._passwords = passwords
        quorum = ",".join(f"{each}@{ports.LOOPBACK}:{at}" for each, at in voters.items())
        self._own = OF_THREE | {"node.id": str(number), "controller.quorum.voters": quorum}

    def prepare(self) -> None:
        path = self._folder / "secrets.json"
        if not path.exists():
            self._folder.mkdir(parents=True)
            write_secret(path, self._passwords)
        super().prepare()

    def _write_settings(self) -> None:
        super()._write_settings()
        with (self._folder / "server.properties").open("a") as file:  # the last word counts
            file.writelines(f"{name}={value}\n" for name, value in self._own.items())


@dataclass(frozen=True, slots=True)
class ThreeBrokers(KafkaAccess):
    """All of them, as the super user; ``part`` is the first."""

    brokers: Mapping[int, OneOfThree]

    @property
    def bootstrap(self) -> str:
        return ",".join(each.bootstrap for each in self.brokers.values())

    @property
    def endpoint(self) -> KafkaEndpoint:
        return KafkaEndpoint(bootstrap=self.bootstrap, username=self.username, password=self.password)

    @property
    def address(self) -> KafkaAddress:
        return self.endpoint.address()

    def create(
        self, *names: str, partitions: int = 1, config: Mapping[str, str] | None = None, copies: int = 3
    ) -> None:
        settings = {"min.insync.replicas": "2"} if copies > 1 else {}
        wanted = [NewTopic(name, partitions, copies, config=settings | dict(config or {})) for name in names]
        admin = self.endpoint.admin()
        for done in admin.create_topics(wanted).values():
            done.result(60)

    def leader(self, topic: str, partition: int = 0) -> OneOfThree:
        """The broker that everybody writes this partition to."""
        told = self.endpoint.admin().list_topics(topic, timeout=30)
        return self.brokers[told.topics[topic].partitions[partition].leader]


@contextmanager
def three_brokers(var: Path) -> Iterator[ThreeBrokers]:
    """They run while the block does."""
    passwords = json.dumps({name: secrets.token_urlsafe(24) for name in (ADMIN, CONTROLLER)})
    voters = {number: ports.free_port() for number in (1, 2, 3)}
    brokers = {
        number: OneOfThree(var, number, port=ports.free_port(), voters=voters, passwords=passwords)
        for number in voters
    }
    try:
        with ThreadPoolExecutor() as pool:  # none of them is ready alone
            list(pool.map(OneOfThree.start, brokers.values()))
        yield ThreeBrokers(brokers[1], brokers)
    finally:
        with ThreadPoolExecutor() as pool:
            list(pool.map(OneOfThree.stop, brokers.values()))
