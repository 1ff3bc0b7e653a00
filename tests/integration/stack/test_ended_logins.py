"""Logins come and go, and a broker that is killed comes back with those that are left."""

from confluent_kafka.admin import (
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from amtsweg.stack.kafka import Kafka
from amtsweg.stack.provision.kafka import end_login, known_logins

LEFT = [f"authority.left-{number}" for number in range(8)]
"""So many that one of them is read before the super user, whatever the order: the worst for the broker."""


def test_a_broker_comes_back_after_logins_have_ended(broker: Kafka) -> None:
    enter(broker, LEFT)
    for login in LEFT:
        end_login(broker.endpoint, login)
    assert known_logins(broker.endpoint) == {"admin"}

    broker.kill()
    broker.start_within_s = 60
    broker.start()

    assert known_logins(broker.endpoint) == {"admin"}


def test_a_login_that_has_ended_begins_anew(broker: Kafka) -> None:
    enter(broker, LEFT[:1])
    end_login(broker.endpoint, LEFT[0])

    enter(broker, LEFT[:1])

    assert known_logins(broker.endpoint) == {"admin", LEFT[0]}


def enter(broker: Kafka, logins: list[str]) -> None:
    credential = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
    told: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(login, credential, b"a password") for login in logins
    ]
    admin = broker.endpoint.admin()  # it ends what it has begun when nobody holds it
    for done in admin.alter_user_scram_credentials(told).values():
        done.result(20)
