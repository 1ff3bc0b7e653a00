"""What the set-up makes on real servers: an authority's login reads its own inbox and nothing else."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from amtsweg.stack import ports
from amtsweg.stack.endpoints import SCRAM
from amtsweg.stack.errors import StackError
from amtsweg.stack.kafka import Kafka
from amtsweg.stack.provision import kafka as provision_kafka
from amtsweg.stack.provision import postgres as provision_postgres
from amtsweg.stack.provision import suspension
from amtsweg.stack.provision.grants import authority_login, services_and_operators
from amtsweg.stack.provision.logins import Logins
from amtsweg.stack.provision.quotas import QUOTAS, _ask, _known, provision_quotas, set_quota
from amtsweg.stack.provision.topics import wanted
from shared.access.principal import Credential, Principal
from shared.access.registration import revoke, rotate
from shared.events.topics import AUTHORITY_INBOX
from tests.support.stack import RealParts, unique

OWN, OTHER = "ihk-fulda", "ihk-fulda-nord"
"""One id begins with the other: the harder case."""
AUTHORITIES = (OWN, OTHER)
LOGIN = authority_login(OWN)


@dataclass(frozen=True, slots=True)
class Cluster:
    part: Kafka
    folder: Path

    def provision(
        self, authorities: tuple[str, ...] = AUTHORITIES, *, partitions: int | None = None
    ) -> Logins:
        names = (*services_and_operators(), *map(authority_login, authorities))
        logins = Logins.of({name: self.folder / name for name in names})
        endpoint = self.part.endpoint
        provision_kafka.prepare(endpoint, authorities=authorities, logins=logins, partitions=partitions)
        provision_kafka.admit(endpoint, logins=logins)
        return logins

    def connection(self, username: str) -> dict[str, Any]:
        return {
            "bootstrap_servers": self.part.bootstrap,
            "security_protocol": self.part.endpoint.security_protocol,
            "sasl_mechanism": SCRAM,
            "sasl_plain_username": username,
            "sasl_plain_password": (self.folder / username).read_text(),
        }


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    var = tmp_path_factory.mktemp("provisioned")
    part = Kafka(var, port=ports.free_port(), controller_port=ports.free_port())
    part.start()
    made = Cluster(part, var / "logins")
    made.provision(partitions=3)
    _wait_until_known(made, ("router", "intake", LOGIN))
    yield made
    part.stop()


def _wait_until_known(made: Cluster, usernames: tuple[str, ...]) -> None:
    """A new login is known to the broker some moments after the controller has it; services try again then."""
    deadline = time.monotonic() + 60
    for username in usernames:
        while True:
            try:
                asyncio.run(_enter(made, username))
                break
            except KafkaConnectionError:
                assert time.monotonic() < deadline, f"{username} cannot log in"


async def _enter(made: Cluster, username: str) -> None:
    producer = AIOKafkaProducer(**made.connection(username))
    try:
        await producer.start()
    finally:
        await producer.stop()


async def send(cluster: Cluster, *, username: str, topic: str, idempotent: bool = True) -> None:
    producer = AIOKafkaProducer(**cluster.connection(username), enable_idempotence=idempotent)
    try:
        await producer.start()
        await producer.send_and_wait(topic, b"content", key=b"case")
    finally:
        await producer.stop()


async def read(cluster: Cluster, *, username: str, topic: str, group: str | None) -> bytes | None:
    consumer = AIOKafkaConsumer(
        topic, **cluster.connection(username), group_id=group, auto_offset_reset="earliest"
    )
    try:
        await consumer.start()
        record = await consumer.getone()
        if group is not None:
            await consumer.commit()
        value: bytes | None = record.value
        return value
    finally:
        await consumer.stop()


async def test_an_authority_reads_its_inbox_under_its_group(cluster: Cluster) -> None:
    inbox = AUTHORITY_INBOX.for_authority(OWN)
    await send(cluster, username="router", topic=inbox)
    assert await read(cluster, username=LOGIN, topic=inbox, group=LOGIN) == b"content"
    assert await read(cluster, username=LOGIN, topic=inbox, group=f"{LOGIN}.archive") == b"content"


async def test_an_authority_writes_to_no_topic_at_all(cluster: Cluster) -> None:
    for topic in wanted(AUTHORITIES):
        with pytest.raises(TopicAuthorizationFailedError):
            await send(cluster, username=LOGIN, topic=topic.name, idempotent=False)


async def test_an_authority_cannot_even_begin_to_write_with_a_number_for_each_record(
    cluster: Cluster,
) -> None:
    with pytest.raises(ClusterAuthorizationFailedError):
        await send(cluster, username=LOGIN, topic=AUTHORITY_INBOX.for_authority(OWN))


@pytest.mark.parametrize(
    "topic",
    [
        AUTHORITY_INBOX.for_authority(OTHER),
        "submission.received.v1",
        "submission.held.v1",
        "case.custody.v1",
        "audit.checkpoint.v1",
    ],
)
async def test_an_authority_reads_nothing_but_its_inbox(cluster: Cluster, topic: str) -> None:
    with pytest.raises(TopicAuthorizationFailedError):
        await read(cluster, username=LOGIN, topic=topic, group=None)


@pytest.mark.parametrize("group", ["router", authority_login(OTHER), f"{LOGIN}-nord"])
async def test_an_authority_joins_no_group_of_others(cluster: Cluster, group: str) -> None:
    await send(cluster, username="router", topic=AUTHORITY_INBOX.for_authority(OWN))
    with pytest.raises(GroupAuthorizationFailedError):
        await read(cluster, username=LOGIN, topic=AUTHORITY_INBOX.for_authority(OWN), group=group)


async def test_only_the_router_writes_in_transactions(cluster: Cluster) -> None:
    producer = AIOKafkaProducer(**cluster.connection("intake"), transactional_id="router-0")
    with pytest.raises(TransactionalIdAuthorizationFailed):
        await producer.start()
    await producer.stop()


def test_a_second_time_changes_nothing(cluster: Cluster) -> None:
    passwords = cluster.provision().passwords
    before = grants_of(cluster)
    again = cluster.provision()
    assert not again.fresh
    assert again.passwords == passwords
    assert grants_of(cluster) == before


def test_a_grant_that_the_catalogue_does_not_give_is_withdrawn(cluster: Cluster) -> None:
    cluster.provision()
    before = grants_of(cluster)
    foreign = AclBinding(
        ResourceType.TOPIC,
        "submission.held.v1",
        ResourcePatternType.LITERAL,
        f"User:{LOGIN}",
        "*",
        AclOperation.READ,
        AclPermissionType.ALLOW,
    )
    admin = cluster.part.endpoint.admin()
    for done in admin.create_acls([foreign]).values():
        done.result(10)
    cluster.provision()
    assert grants_of(cluster) == before


def test_a_new_authority_is_added_beside_the_others(cluster: Cluster) -> None:
    logins = cluster.provision((*AUTHORITIES, "hwk-kassel"))
    assert authority_login("hwk-kassel") in logins.passwords
    topics = cluster.part.endpoint.admin().list_topics(timeout=30).topics
    assert {topic.name for topic in wanted((*AUTHORITIES, "hwk-kassel"))} <= set(topics)


@pytest.mark.long
def test_the_number_of_partitions_is_chosen_once(cluster: Cluster) -> None:
    with pytest.raises(StackError, match=r"hat 3 Partitionen, gewünscht sind 6"):
        cluster.provision(partitions=6)
    cluster.provision()  # what was chosen is read from the topics
    topics = cluster.part.endpoint.admin().list_topics(timeout=30).topics
    assert len(topics["case.custody.v1"].partitions) == 3
    assert len(topics["directory.changed.v1"].partitions) == 1


async def test_a_service_enters_its_own_schema_only(stack: RealParts, tmp_path: Path) -> None:
    logins = Logins.of({role: tmp_path / role for role in provision_postgres.ROLES})
    await asyncio.to_thread(
        provision_postgres.provision, stack.postgres.endpoint, logins=logins, registered=[]
    )
    server = stack.postgres.endpoint
    connection = await asyncpg.connect(
        host=server.host,
        port=server.port,
        user="intake",
        password=logins.passwords["intake"],
        database=provision_postgres.DATABASE,
    )
    try:
        for schema in ("intake", "audit", "notifier", "doors", "access", "public"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"create table {schema}.foreign_table (id int)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "insert into access.principals (id, kind, name, scopes) values ('x', 'desk', 'x', '{}')"
            )
        assert await connection.fetchval("select count(*) from access.principals where id = 'x'") == 0
    finally:
        await connection.close()


async def test_a_set_up_that_runs_again_pardons_nobody_and_takes_back_no_secret(
    stack: RealParts, tmp_path: Path
) -> None:
    def provision(*registered: Principal, fresh: frozenset[str] = frozenset()) -> None:
        logins = Logins.of({role: tmp_path / role for role in provision_postgres.ROLES})
        provision_postgres.provision(
            stack.postgres.endpoint, logins=logins, registered=registered, fresh=fresh
        )

    names = [unique(name) for name in ("shut-out", "replaced", "lost")]
    shut_out, replaced, lost = names
    await asyncio.to_thread(provision, *(platform(name, "first") for name in names))
    connection = await asyncpg.connect(stack.postgres.endpoint.url(provision_postgres.DATABASE))
    try:
        await revoke(connection, shut_out)
        second = platform(replaced, "second").credentials[0]
        await rotate(connection, replaced, credential=second, overlap=timedelta())
        again = [platform(name, "third") for name in names]
        await asyncio.to_thread(provision, *again, fresh=frozenset({shut_out, lost}))
        rows = await connection.fetch(
            "select principal, credentials.id from access.credentials join access.principals "
            "on principal = principals.id where principal = any ($1) and revoked_at is null "
            "and (valid_until is null or valid_until > now())",
            names,
        )
        assert {tuple(row) for row in rows} == {(replaced, "second"), (lost, "third")}
    finally:
        await connection.close()


def platform(own_id: str, credential: str) -> Principal:
    now = datetime.now(UTC)
    return Principal(
        id=own_id,
        kind="platform",
        name="Portal",
        scopes=frozenset({"cases.read"}),
        registered_at=now,
        credentials=(Credential(id=credential, secret_hash="x", valid_from=now),),
    )


def grants_of(cluster: Cluster) -> set[Any]:
    admin = cluster.part.endpoint.admin()
    return set(admin.describe_acls(provision_kafka.EVERY_GRANT).result(10))


async def _read_for_ever(consumer: AIOKafkaConsumer) -> None:
    while True:
        await consumer.getone()


async def test_a_suspended_authority_reads_nothing_more_though_its_connection_is_open(
    cluster: Cluster,
) -> None:
    cluster.provision()
    inbox = AUTHORITY_INBOX.for_authority(OWN)
    await send(cluster, username="router", topic=inbox)
    consumer = AIOKafkaConsumer(**cluster.connection(LOGIN), auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(inbox, 0)])
        await asyncio.wait_for(consumer.getone(), 20)
        suspension.suspend(cluster.part.endpoint, OWN)
        cluster.provision()  # provisioning again does not let it in
        await send(cluster, username="router", topic=inbox)
        with pytest.raises(TopicAuthorizationFailedError):
            await asyncio.wait_for(_read_for_ever(consumer), 20)
        assert suspension.resume(cluster.part.endpoint, OWN)
        assert not suspension.resume(cluster.part.endpoint, OWN)
    finally:
        await consumer.stop()
    assert await read(cluster, username=LOGIN, topic=inbox, group=LOGIN) == b"content"


def test_every_authoritys_login_has_a_quota_and_one_given_by_name_stays(cluster: Cluster) -> None:
    provision_quotas(cluster.part.endpoint, AUTHORITIES)
    set_quota(cluster.part.endpoint, OTHER, QUOTAS["provider"])
    provision_quotas(cluster.part.endpoint, AUTHORITIES)

    told = _ask(cluster.part.endpoint, _known)
    assert told[LOGIN] == QUOTAS["authority"].settings()
    assert told[authority_login(OTHER)] == QUOTAS["provider"].settings()
