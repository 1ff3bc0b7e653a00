"""A cluster that does not answer is told as one that is away, whatever it was asked."""

from collections.abc import Callable
from typing import Any

import pytest

from amtsweg.stack.endpoints import KafkaEndpoint
from amtsweg.stack.errors import AwayError
from amtsweg.stack.provision import kafka, suspension
from amtsweg.stack.provision.logins import Logins

NOBODY = KafkaEndpoint(bootstrap="127.0.0.1:9", username="admin", password="unknown")
REQUESTS: list[Callable[[], Any]] = [
    lambda: kafka.prepare(NOBODY, authorities=(), logins=Logins.of({})),
    lambda: kafka.admit(NOBODY, logins=Logins.of({})),
    lambda: kafka.add_authority(NOBODY, "g-06531005", logins=Logins.of({})),
    lambda: kafka.end_login(NOBODY, "authority.g-06531005"),
    lambda: kafka.known_logins(NOBODY),
    lambda: suspension.suspend(NOBODY, "g-06531005"),
    lambda: suspension.resume(NOBODY, "g-06531005"),
    lambda: suspension.suspended(NOBODY),
]


@pytest.mark.parametrize("request_of", REQUESTS)
def test_no_answer_in_time_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, request_of: Callable[[], Any]
) -> None:
    for module in (kafka, suspension):
        monkeypatch.setattr(module, "ANSWERED_WITHIN_S", 0.05)
    monkeypatch.setattr(kafka, "_FOUND_WITHIN_S", 0.05)
    with pytest.raises(AwayError, match=r"127\.0\.0\.1:9"):
        request_of()
