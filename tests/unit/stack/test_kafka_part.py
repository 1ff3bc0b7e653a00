"""A broker that is not ready says why: it refuses the administrator's password, or it does not answer."""

import re
from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from amtsweg.stack.kafka import Kafka

REFUSAL = (
    "SASL authentication error: Authentication failed during authentication due to invalid credentials with SASL "
    "mechanism SCRAM-SHA-512 (after 312ms in state AUTH_REQ)"
)


@pytest.mark.parametrize(
    ("says", "refused"),
    [
        (REFUSAL, True),
        ("SASL SCRAM-SHA-512 mechanism handshake failed: Local: Broker transport failure", False),
        ("SASL authentication error: Local: Timed out (after 60001ms in state AUTH_REQ)", False),
    ],
)
def test_only_a_refused_password_is_named_as_one(tmp_path: Path, says: str, *, refused: bool) -> None:
    broker = Kafka(tmp_path, port=1, controller_port=2)
    broker._note(KafkaError(KafkaError._AUTHENTICATION, says))
    told = broker.not_ready_yet()
    assert (str(tmp_path / "kafka" / "secrets.json") in told) == refused
    assert ("docs/troubleshooting.md" in told) == refused
    assert bool(re.search(r"nicht bereit|not ready", told)) != refused
