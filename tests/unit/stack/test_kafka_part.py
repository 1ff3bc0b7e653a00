"""A broker that refuses everybody is started once more, loudly; any other failure is a failure."""

from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from amtsweg.stack.errors import PartFailedError
from amtsweg.stack.kafka import BrokerRefusedEverybody, Kafka

REFUSAL = (
    "SASL authentication error: Authentication failed during authentication due to invalid credentials with SASL "
    "mechanism SCRAM-SHA-512 (after 312ms in state AUTH_REQ)"
)


class Broker(Kafka):
    """Ready from its second start on; while it is not, it refuses the password or does not answer."""

    start_within_s = 0.0

    def __init__(self, var: Path, *, says: str = REFUSAL, times: int = 3, mends: bool = True) -> None:
        super().__init__(var, port=1, controller_port=2)
        self.starts = 0
        self._says = [KafkaError(KafkaError._AUTHENTICATION, says) for _ in range(times)]
        self._mends = mends
        self.log.parent.mkdir(parents=True)
        metadata = var / "kafka" / "data" / "__cluster_metadata-0"
        metadata.mkdir(parents=True)
        (metadata / "00000000000000000000.log").write_bytes(b"what it knew")

    @property
    def running(self) -> bool:
        return True

    def launch(self) -> None:
        self.starts += 1

    def kill(self) -> None:
        """There is no process."""

    def ready(self) -> bool:
        for error in self._says:
            self._note(error)
        return self._mends and self.starts > 1


def test_a_broker_that_refuses_everybody_is_started_once_more_and_that_is_said(tmp_path: Path) -> None:
    broker = Broker(tmp_path)
    with pytest.warns(BrokerRefusedEverybody, match="started once more"):
        broker.start()
    assert broker.starts == 2
    assert "REFUSES EVERY PASSWORD" in broker.log.read_text()
    (kept,) = (tmp_path / "kafka").glob("refused-*")
    assert str(kept) in broker.log.read_text()
    assert (kept / "00000000000000000000.log").read_bytes() == b"what it knew"


def test_it_is_not_started_a_third_time(tmp_path: Path) -> None:
    broker = Broker(tmp_path, mends=False)
    with pytest.warns(BrokerRefusedEverybody), pytest.raises(PartFailedError):
        broker.start()
    assert broker.starts == 2


@pytest.mark.parametrize(
    ("says", "times"),
    [
        (REFUSAL, 0),
        (REFUSAL, 2),
        ("SASL SCRAM-SHA-512 mechanism handshake failed: Local: Broker transport failure", 9),
        ("SASL authentication error: Local: Timed out (after 60001ms in state AUTH_REQ)", 9),
    ],
)
def test_a_broker_that_does_not_answer_or_breaks_off_has_failed(
    tmp_path: Path, says: str, times: int
) -> None:
    broker = Broker(tmp_path, says=says, times=times)
    with pytest.raises(PartFailedError):
        broker.start()
    assert broker.starts == 1
