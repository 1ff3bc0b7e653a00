"""The authorities' listener of the container's settings, on a real Kafka: TLS and a password, and nothing without both."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaException

from amtsweg.stack import ports
from amtsweg.stack.endpoints import KafkaEndpoint
from amtsweg.stack.kafka import Kafka
from amtsweg.stack.kafka_settings import ADMIN, BrokerNode, Certificate, OutsideListener, properties
from amtsweg.stack.provision.certificates import make_certificates
from amtsweg.stack.provision.logins import write_secret

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

HOST = "localhost"


class WithOutside(Kafka):
    """A broker as compose.yaml has one: clients of the house on one listener, authorities on another."""

    def __init__(self, var: Path) -> None:
        super().__init__(var, port=ports.free_port(), controller_port=ports.free_port(), heap_mb=256)
        self.outside_port = ports.free_port()
        make_certificates(var / "certificates", hosts=("kafka",), also={"kafka": HOST})
        self.certificates = var / "certificates" / "kafka"

    @property
    def endpoint(self) -> KafkaEndpoint:
        return self.reached(f"{HOST}:{self.port}")

    def reached(self, bootstrap: str, *, password: str | None = None) -> KafkaEndpoint:
        return KafkaEndpoint(
            bootstrap=bootstrap,
            username=ADMIN,
            password=password or self._secrets()[ADMIN],
            security_protocol="SASL_SSL",
            ca_file=self.certificates / "ca.pem",
        )

    def _write_settings(self) -> None:
        super()._write_settings()
        node = BrokerNode(
            listens=self.bootstrap,
            advertised=f"{HOST}:{self.port}",
            controller=f"{ports.LOOPBACK}:{self.controller_port}",
            data=self._folder / "data",
            passwords=self._secrets(),
            certificate=Certificate(
                self.certificates / "key-and-certificate.pem", self.certificates / "ca.pem"
            ),
            outside=OutsideListener(
                listens=f"{ports.LOOPBACK}:{self.outside_port}", advertised=f"{HOST}:{self.outside_port}"
            ),
        )
        write_secret(self._folder / "server.properties", properties(node))


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WithOutside]:
    part = WithOutside(tmp_path_factory.mktemp("kafka"))
    part.start()
    yield part
    part.stop()


def test_a_login_comes_in_over_tls_and_is_told_the_same_address(kafka: WithOutside) -> None:
    admin = kafka.reached(f"{HOST}:{kafka.outside_port}").admin()
    (broker,) = admin.list_topics(timeout=30).brokers.values()
    assert f"{broker.host}:{broker.port}" == f"{HOST}:{kafka.outside_port}"


def test_a_wrong_password_is_refused(kafka: WithOutside) -> None:
    admin = kafka.reached(f"{HOST}:{kafka.outside_port}", password="wrong").admin()
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=5)


def test_nobody_comes_in_without_tls(kafka: WithOutside) -> None:
    told = kafka.reached(f"{HOST}:{kafka.outside_port}")
    plain = KafkaEndpoint(bootstrap=told.bootstrap, username=told.username, password=told.password)
    with pytest.raises(KafkaException):
        plain.admin().list_topics(timeout=5)
