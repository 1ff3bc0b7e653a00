"""Rules and quotas come and go, and a broker that is killed comes back with those that are left, as it does with logins."""

import asyncio

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from amtsweg.stack.kafka import Kafka
from amtsweg.stack.provision import quotas, suspension
from amtsweg.stack.provision.acl_filters import exactly
from amtsweg.stack.provision.grants import authority_login
from amtsweg.stack.provision.kafka import EVERY_GRANT

pytestmark = pytest.mark.long

GONE = [f"g-0653{number:04}" for number in range(12)]
LEFT = [f"k-0653{number:04}" for number in range(12)]
"""So many that in whatever order a broker reads them again some that are gone come before some that are left."""


def test_a_killed_broker_keeps_the_rules_and_quotas_that_are_left(broker: Kafka) -> None:
    quotas.provision_quotas(broker.endpoint, authorities=(*GONE, *LEFT))
    for authority in (*GONE, *LEFT):
        suspension.suspend(broker.endpoint, authority)
    admin = broker.endpoint.admin()
    for done in admin.create_acls([_grant(authority) for authority in (*GONE, *LEFT)]).values():
        done.result(20)
    for authority in GONE:
        assert suspension.resume(broker.endpoint, authority)
    for done in admin.delete_acls([_exactly(authority) for authority in GONE]).values():
        done.result(20)
    asyncio.run(_without_quotas(broker, GONE))
    before = _told(broker)

    broker.kill()
    broker.start_within_s = 60
    broker.start()

    left = {authority_login(authority) for authority in LEFT}
    assert before == (left, left, left)
    assert _told(broker) == before


def _grant(authority: str) -> AclBinding:
    return AclBinding(
        ResourceType.TOPIC,
        f"authority.{authority}.inbox",
        ResourcePatternType.LITERAL,
        f"User:{authority_login(authority)}",
        "*",
        AclOperation.READ,
        AclPermissionType.ALLOW,
    )


def _exactly(authority: str) -> AclBindingFilter:
    return exactly(_grant(authority))


def _told(broker: Kafka) -> tuple[set[str], set[str], set[str]]:
    """Who is refused everything, who is granted something, who has a quota."""
    admin = broker.endpoint.admin()  # it ends what it has begun when nobody holds it
    rules = admin.describe_acls(EVERY_GRANT).result(20)
    granted = {
        rule.principal.removeprefix("User:")
        for rule in rules
        if rule.permission_type == AclPermissionType.ALLOW
    }
    return (
        set(suspension.suspended(broker.endpoint)),
        granted,
        set(quotas._ask(broker.endpoint, quotas._known)),
    )


async def _without_quotas(broker: Kafka, authorities: list[str]) -> None:
    admin = AIOKafkaAdminClient(**broker.endpoint.address().arguments())
    await admin.start()
    try:
        for authority in authorities:
            ops = [(name, 0.0, True) for name in quotas.QUOTAS["authority"].settings()]
            entry = ([("user", authority_login(authority))], ops)
            answer = await admin._send_request(quotas._AlterQuotas([entry]))
            assert not answer.entries[0][0]
    finally:
        await admin.close()
