"""Brings a cluster to what the catalogue and the directory ask for; again and again without harm."""

import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, TypeVar, cast

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialsDescription,
    UserScramCredentialUpsertion,
)

from amtsweg.language import said
from amtsweg.stack.endpoints import KafkaEndpoint
from amtsweg.stack.errors import AwayError, StackError
from amtsweg.stack.provision.acl_filters import exactly
from amtsweg.stack.provision.administration import ANSWERED_WITHIN_S, administration
from amtsweg.stack.provision.copies import check_copies, copies, in_sync
from amtsweg.stack.provision.grants import Grant, grants, services_and_operators
from amtsweg.stack.provision.logins import Logins
from amtsweg.stack.provision.topics import Wanted, wanted
from shared.events.topics import AUTHORITY_INBOX, CASE_CUSTODY, PARTITIONS

_AT_ONCE = 500
_FOUND_WITHIN_S = 60
_POLL_S = 0.1
_ITERATIONS = 4096
_ENDED_ITERATIONS = 4097
"""Tells a password that nobody knows from the others; Kafka shows of a credential nothing else."""

_ANY = cast(
    "str", None
)  # what the broker takes for any name, principal or host; the library's hints forget it
EVERY_GRANT = AclBindingFilter(
    ResourceType.ANY, _ANY, ResourcePatternType.ANY, _ANY, _ANY, AclOperation.ANY, AclPermissionType.ANY
)

T = TypeVar("T")


def prepare(
    endpoint: KafkaEndpoint, *, authorities: Sequence[str], logins: Logins, partitions: int | None = None
) -> None:
    """Topics, the logins of services and operators, and grants: all that services need to start.

    ``partitions`` is the number for topics keyed by case; None for what the cluster has, or the usual number in an
    empty one. Grants that the catalogue no longer gives are withdrawn. Topics come last, and are waited for: the broker
    makes the files of hundreds before it looks at what it was told after them, and a router that sees but some of the
    inboxes would park for the others.

    Raises:
        StackError: the cluster refuses, or a topic exists with another number of partitions.
    """
    with _provisioning(endpoint) as admin:
        topics = wanted(authorities, partitions=partitions or _chosen(admin))
        _users(admin, logins.only(services_and_operators()))
        _grants(admin, grants(authorities), principals=logins.passwords)
        _topics(admin, topics)
        _wait_for_topics(admin, topics)


def admit(endpoint: KafkaEndpoint, *, logins: Logins) -> None:
    """Tell the cluster everybody's password; of hundreds that are new this takes seconds.

    Raises:
        StackError: the cluster refuses.
    """
    with _provisioning(endpoint) as admin:
        _users(admin, logins)


def add_authority(endpoint: KafkaEndpoint, authority: str, *, logins: Logins) -> None:
    """One more authority's topics, grants and login, beside what is there; again without harm.

    Raises:
        StackError: as `prepare`.
    """
    topics = sorted(set(wanted([authority])) - set(wanted([])), key=lambda topic: topic.name)
    with _provisioning(endpoint) as admin:
        _grants(admin, grants([authority]), principals=())
        _topics(admin, topics)
        _wait_for_topics(admin, topics)
        _users(admin, logins)


def end_login(endpoint: KafkaEndpoint, login: str) -> None:
    """Give the login a password that nobody knows, so that nobody can use it any more.

    It is not deleted: where a deletion is among the first that Kafka 4.2 reads at a start, before its first snapshot of
    metadata, `ScramDelta.apply` drops all credentials, and the broker refuses everybody.

    Raises:
        StackError: the cluster refuses.
    """
    ended = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, _ENDED_ITERATIONS)
    told: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(login, ended, secrets.token_bytes(32))
    ]
    with _provisioning(endpoint) as admin:
        if login in _logins(admin):
            _wait(admin.alter_user_scram_credentials(told))


def known_logins(endpoint: KafkaEndpoint) -> frozenset[str]:
    """The logins that have a password; those that were ended have none that anybody knows.

    Raises:
        StackError: the cluster cannot be asked.
    """
    with _provisioning(endpoint) as admin:
        return _logins(admin)


def _logins(admin: AdminClient) -> frozenset[str]:
    asked = cast(
        "Future[dict[str, UserScramCredentialsDescription]]", admin.describe_user_scram_credentials()
    )  # of all: one answer
    return frozenset(
        name
        for name, described in asked.result(ANSWERED_WITHIN_S).items()
        if any(each.iterations != _ENDED_ITERATIONS for each in described.scram_credential_infos)
    )


def has_inbox(endpoint: KafkaEndpoint, authority: str) -> bool:
    """Whether the cluster has the topic that everything for this authority lies in.

    Raises:
        StackError: the cluster cannot be asked.
    """
    with _provisioning(endpoint) as admin:
        return AUTHORITY_INBOX.for_authority(authority) in admin.list_topics(timeout=_FOUND_WITHIN_S).topics


def _provisioning(endpoint: KafkaEndpoint) -> AbstractContextManager[AdminClient]:
    return administration(endpoint, failed=said(de="nicht eingerichtet", en="not provisioned"))


def _chosen(admin: AdminClient) -> int:
    """The number of partitions that was chosen when this cluster was set up, else the usual one."""
    custody = admin.list_topics(timeout=_FOUND_WITHIN_S).topics.get(CASE_CUSTODY.name)
    return PARTITIONS if custody is None else len(custody.partitions)


def _topics(admin: AdminClient, topics: Sequence[Wanted]) -> None:
    cluster = admin.list_topics(timeout=_FOUND_WITHIN_S)
    found, brokers = cluster.topics, len(cluster.brokers)
    topics = [replace(topic, settings={**topic.settings, **in_sync(brokers)}) for topic in topics]
    missing = [topic for topic in topics if topic.name not in found]
    for chunk in _chunks(missing):
        new = [NewTopic(t.name, t.partitions, copies(brokers), config=dict(t.settings)) for t in chunk]
        _wait(admin.create_topics(new))
    existing = [topic for topic in topics if topic.name in found]
    for topic in existing:
        check_partitions(topic.name, found=len(found[topic.name].partitions), wanted=topic.partitions)
    _settle(admin, existing)
    replicas = {name: [len(each.replicas) for each in of.partitions.values()] for name, of in found.items()}
    check_copies(replicas, brokers=brokers, ours=[topic.name for topic in existing])


def _wait_for_topics(admin: AdminClient, topics: Sequence[Wanted]) -> None:
    deadline = time.monotonic() + _FOUND_WITHIN_S
    while (
        missing := {topic.name for topic in topics} - admin.list_topics(timeout=_FOUND_WITHIN_S).topics.keys()
    ):
        if time.monotonic() > deadline:
            raise AwayError(
                said(
                    de=f"{len(missing)} Topics wurden angelegt und sind nicht zu sehen, darunter {min(missing)}",
                    en=f"{len(missing)} topics were created and cannot be seen, among them {min(missing)}",
                )
            )
        time.sleep(_POLL_S)


def check_partitions(topic: str, *, found: int, wanted: int) -> None:
    """Raises StackError where they differ: custody lives in partitions, so their number is fixed."""
    if found != wanted:
        raise StackError(
            said(
                de=f"Topic {topic} hat {found} Partitionen, gewünscht sind {wanted}. Die Zahl wird einmal gewählt, wenn der Cluster "
                "eingerichtet wird. Lassen Sie sie, wie sie ist, oder beginnen Sie mit einem leeren Cluster.",
                en=f"Topic {topic} has {found} partitions, and {wanted} are wanted. The number is chosen once, when the cluster "
                "is set up. Leave it as it is, or start with an empty cluster.",
            )
        )


def _settle(admin: AdminClient, topics: Sequence[Wanted]) -> None:
    """Bring the settings of existing topics to the catalogue's."""
    for chunk in _chunks(topics):
        told = admin.describe_configs(
            [ConfigResource(ConfigResource.Type.TOPIC, topic.name) for topic in chunk]
        )
        now = {resource.name: future.result(ANSWERED_WITHIN_S) for resource, future in told.items()}
        changes = [
            ConfigResource(
                ConfigResource.Type.TOPIC,
                topic.name,
                incremental_configs=[
                    ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
                    for name, value in topic.settings.items()
                ],
            )
            for topic in chunk
            if any(now[topic.name][name].value != value for name, value in topic.settings.items())
        ]
        if changes:
            _wait(admin.incremental_alter_configs(changes))


def _users(admin: AdminClient, logins: Logins) -> None:
    """Tell the cluster new passwords; the others it has, and hashing hundreds of them takes seconds."""
    known = _logins(admin)
    credential = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, _ITERATIONS)
    untold = [name for name in logins.passwords if name in logins.fresh or name not in known]
    for chunk in _chunks(untold):
        told: list[UserScramCredentialAlteration] = [
            UserScramCredentialUpsertion(name, credential, logins.passwords[name].encode()) for name in chunk
        ]
        _wait(admin.alter_user_scram_credentials(told))
    logins.keep()


def _grants(admin: AdminClient, allowed: Iterable[Grant], *, principals: Iterable[str]) -> None:
    ours = {f"User:{name}" for name in principals}
    found = set(admin.describe_acls(EVERY_GRANT).result(ANSWERED_WITHIN_S))
    needed = {_binding(grant) for grant in allowed}
    for chunk in _chunks(sorted(needed - found)):
        _wait(admin.create_acls(chunk))
    # A refusal is not one of our grants: a suspended authority stays suspended (`suspension`).
    withdrawn = [
        binding
        for binding in found - needed
        if binding.principal in ours and binding.permission_type == AclPermissionType.ALLOW
    ]
    for chunk in _chunks(withdrawn):
        _wait(admin.delete_acls([exactly(binding) for binding in chunk]))


def _binding(grant: Grant) -> AclBinding:
    return AclBinding(
        ResourceType[grant.resource],
        grant.name,
        ResourcePatternType.PREFIXED if grant.prefixed else ResourcePatternType.LITERAL,
        f"User:{grant.principal}",
        "*",
        AclOperation[grant.operation],
        AclPermissionType.ALLOW,
    )


def _chunks(items: Sequence[T]) -> Iterator[list[T]]:
    for start in range(0, len(items), _AT_ONCE):
        yield list(items[start : start + _AT_ONCE])


def _wait(futures: Mapping[Any, "Future[Any]"]) -> None:
    for future in futures.values():
        future.result(ANSWERED_WITHIN_S)
