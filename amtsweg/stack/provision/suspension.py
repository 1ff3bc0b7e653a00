"""An authority's login is shut out of Kafka at once, and let in again: refusals that stand before all grants.

A refusal counts for connections that are open, too, from the next request on. Grants stay as they are, so that
provisioning again changes nothing about it.
"""

from collections.abc import Iterator
from typing import cast

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
from amtsweg.stack.provision.acl_filters import exactly
from amtsweg.stack.provision.administration import ANSWERED_WITHIN_S, administration
from amtsweg.stack.provision.grants import authority_login

_EVERYTHING = "*"


def suspend(endpoint: KafkaEndpoint, authority: str) -> None:
    """Refuse everything to the authority's login.

    Raises:
        StackError: the cluster does not take it.
    """
    with administration(
        endpoint, failed=said(de=f"{authority} ist nicht gesperrt", en=f"{authority} is not suspended")
    ) as admin:
        for done in admin.create_acls(list(_refusals(authority))).values():
            done.result(ANSWERED_WITHIN_S)


def resume(endpoint: KafkaEndpoint, authority: str) -> bool:
    """Take the refusals back; False if there were none.

    Raises:
        StackError: the cluster does not take it.
    """
    with administration(
        endpoint, failed=said(de=f"{authority} ist weiter gesperrt", en=f"{authority} is not resumed")
    ) as admin:
        deleted = admin.delete_acls([exactly(each) for each in _refusals(authority)])
        found = [done.result(ANSWERED_WITHIN_S) for done in deleted.values()]
    return any(found)


def suspended(endpoint: KafkaEndpoint) -> frozenset[str]:
    """The logins to which everything is refused.

    Raises:
        StackError: the cluster cannot be asked.
    """
    with administration(
        endpoint, failed=said(de="Sperren lassen sich nicht lesen", en="refusals cannot be read")
    ) as admin:
        found = admin.describe_acls(_ANY_REFUSAL).result(ANSWERED_WITHIN_S)
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
