"""A broker that refuses everybody is started once more, loudly; any other failure is a failure."""

from pathlib import Path

import pytest

from amtsweg.stack.errors import PartFailedError
from amtsweg.stack.kafka import BrokerRefusedEverybody, Kafka


class Broker(Kafka):
    """Ready from its second start on; while it is not, it refuses the password or does not answer."""

    start_within_s = 0.0

    def __init__(self, var: Path, *, refuses: bool, mends: bool = True) -> None:
        super().__init__(var, port=1, controller_port=2)
        self.starts = 0
        self._answers = refuses
        self._mends = mends
        self.log.parent.mkdir(parents=True)

    @property
    def running(self) -> bool:
        return True

    def launch(self) -> None:
        self.starts += 1

    def kill(self) -> None:
        """There is no process."""

    def ready(self) -> bool:
        self._refuses = self._answers
        return self._mends and self.starts > 1


def test_a_broker_that_refuses_everybody_is_started_once_more_and_that_is_said(tmp_path: Path) -> None:
    broker = Broker(tmp_path, refuses=True)
    with pytest.warns(BrokerRefusedEverybody, match="started once more"):
        broker.start()
    assert broker.starts == 2
    assert "REFUSES EVERY PASSWORD" in broker.log.read_text()


def test_it_is_not_started_a_third_time(tmp_path: Path) -> None:
    broker = Broker(tmp_path, refuses=True, mends=False)
    with pytest.warns(BrokerRefusedEverybody), pytest.raises(PartFailedError):
        broker.start()
    assert broker.starts == 2


def test_a_broker_that_does_not_answer_has_failed(tmp_path: Path) -> None:
    broker = Broker(tmp_path, refuses=False)
    with pytest.raises(PartFailedError):
        broker.start()
    assert broker.starts == 1
