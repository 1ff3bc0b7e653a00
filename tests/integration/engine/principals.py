"""Kafka principals with only what a test grants them."""

import secrets
from dataclasses import replace

from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from shared.kafka.client import KafkaAddress
from tests.support.stack import KafkaAccess, unique

Grant = tuple[ResourceType, str, AclOperation]


def topic(name: str, *operations: AclOperation) -> list[Grant]:
    return [(ResourceType.TOPIC, name, operation) for operation in operations]


class Principal:
    """One user, whose grants can be changed while it works."""

    def __init__(self, kafka: KafkaAccess, address: KafkaAddress) -> None:
        self._kafka = kafka
        name, password = unique("user"), secrets.token_urlsafe(16)
        self._name = f"User:{name}"
        credential = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        admin = kafka.part.endpoint.admin()
        told = admin.alter_user_scram_credentials(
            [UserScramCredentialUpsertion(name, credential, password.encode())]
        )
        for future in told.values():
            future.result(10)
        self.address = replace(address, username=name, password=password)

    def grant(self, *grants: Grant) -> None:
        admin = self._kafka.part.endpoint.admin()
        for future in admin.create_acls([self._binding(grant) for grant in grants]).values():
            future.result(10)

    def may_consume_and_transact(self, group: str) -> None:
        self.grant(
            (ResourceType.GROUP, group, AclOperation.READ),
            (ResourceType.TRANSACTIONAL_ID, group, AclOperation.WRITE),
            (ResourceType.TRANSACTIONAL_ID, group, AclOperation.DESCRIBE),
        )

    def _binding(self, grant: Grant) -> AclBinding:
        resource, name, operation = grant
        return AclBinding(
            resource,
            name,
            ResourcePatternType.PREFIXED,
            self._name,
            "*",
            operation,
            AclPermissionType.ALLOW,
        )
