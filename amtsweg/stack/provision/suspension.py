"""An authority's login is shut out of Kafka at once, and let in again: refusals that stand before all grants.

A refusal counts for connections that are open, too, from the next request on. Grants stay as they are, so that
provisioning again changes nothing about it.
"""

from collections.abc import Iterator
from typing import cast

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from amtsweg.language import said
from amtsweg.stack.endpoints import KafkaEndpoint
from amtsweg.stack.errors import AwayError
from amtsweg.stack.provision.acl_filters import exactly
from amtsweg.stack.provision.grants import authority_login

_WITHIN_S = 30
_EVERYTHING = "*"


def suspend(endpoint: KafkaEndpoint, authority: str) -> None:
    """Refuse everything to the authority's login.

    Raises:
        StackError: the cluster does not take it.
    """
    admin = endpoint.admin()
    try:
        for done in admin.create_acls(list(_refusals(authority))).values():
            done.result(_WITHIN_S)
    except KafkaException as error:
        raise AwayError(
            said(
                de=f"Kafka bei {endpoint.bootstrap}: {authority} ist nicht gesperrt: {error}",
                en=f"Kafka at {endpoint.bootstrap}: {authority} is not suspended: {error}",
            )
        ) from error


def resume(endpoint: KafkaEndpoint, authority: str) -> bool:
    """Take the refusals back; False if there were none.

    Raises:
        StackError: the cluster does not take it.
    """
    admin = endpoint.admin()
    try:
        deleted = admin.delete_acls([exactly(each) for each in _refusals(authority)])
        found = [done.result(_WITHIN_S) for done in deleted.values()]
    except KafkaException as error:
        raise AwayError(
            said(
                de=f"Kafka bei {endpoint.bootstrap}: {authority} ist weiter gesperrt: {error}",
                en=f"Kafka at {endpoint.bootstrap}: {authority} is not resumed: {error}",
            )
        ) from error
    return any(found)


def suspended(endpoint: KafkaEndpoint) -> frozenset[str]:
    """The logins to which everything is refused.

    Raises:
        StackError: the cluster cannot be asked.
    """
    admin = endpoint.admin()
    try:
        found = admin.describe_acls(_ANY_REFUSAL).result(_WITHIN_S)
    except KafkaException as error:
        raise AwayError(
            said(
                de=f"Kafka bei {endpoint.bootstrap}: Sperren lassen sich nicht lesen: {error}",
                en=f"Kafka at {endpoint.bootstrap}: refusals cannot be read: {error}",
            )
        ) from error
    return frozenset(binding.principal.removeprefix("User:") for binding in found)


_ANY = cast("str", None)  # what the broker takes for any name; the library's hints forget it
_ANY_REFUSAL = AclBindingFilter(
    ResourceType.TOPIC,
    _EVERYTHING,
    ResourcePatternType.LITERAL,
    _ANY,
    _ANY,
    AclOperation.ALL,
    AclPermissionType.DENY,
)


def _refusals(authority: str) -> Iterator[AclBinding]:
    for resource in (ResourceType.TOPIC, ResourceType.GROUP):
        yield AclBinding(
            resource,
            _EVERYTHING,
            ResourcePatternType.LITERAL,
            f"User:{authority_login(authority)}",
            "*",
            AclOperation.ALL,
            AclPermissionType.DENY,
        )
