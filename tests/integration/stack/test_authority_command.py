"""`amtsweg authority` on a real broker and database: one command gives all that an authority needs, another one ends it."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from confluent_kafka.admin import NewTopic
from joserfc.jwk import ECKey
from typer.testing import CliRunner, Result

from amtsweg.authorities import commands
from amtsweg.bus import everything
from amtsweg.stack.endpoints import SCRAM
from amtsweg.stack.errors import WrongCallError
from amtsweg.stack.provision import suspension
from amtsweg.stack.provision.grants import authority_login
from amtsweg.stack.provision.kafka import end_login, known_logins
from services.intake.adapters.secrets import Argon2Secrets
from services.router.adapters.authorities import KeyFile
from shared.access.principal import Principal
from shared.access.principals import Principals
from shared.access.registration import add
from shared.access.schema import SCHEMA
from shared.events.envelope import decode
from shared.events.operation import ResumeOrdered, SuspendOrdered
from shared.events.topics import DIRECTORY_CHANGED, OPERATION_ORDERED, PARTITIONS
from shared.kafka.client import KafkaAddress
from shared.kafka.operator_orders import ordered, send_orders
from shared.postgres.pool import open_pool
from shared.telemetry.health import Condition
from tests.support.stack import Database, KafkaAccess, unique

Json = dict[str, Any]


class House:
    """One operator: his servers, and the folder with everybody's keys."""

    def __init__(self, kafka: KafkaAccess, database: Database, folder: Path) -> None:
        self.kafka = kafka
        self.database = database
        self.folder = folder
        self.authority = unique("ihk")

    @property
    def address(self) -> KafkaAddress:
        endpoint = self.kafka.part.endpoint
        return endpoint.address()

    def run(self, command: str, *arguments: str) -> Result:
        return CliRunner().invoke(commands, [command, *arguments, "--folder", str(self.folder)])

    def add(self, *arguments: str) -> Result:
        """No directory names these authorities."""
        return self.run("add", self.authority, "--unlisted", *arguments)

    def file(self) -> Json:
        path = self.folder / "authorities" / self.authority / "access.json"
        assert path.stat().st_mode & 0o777 == 0o600
        document: Json = json.loads(path.read_text())
        return document

    @property
    def access(self) -> Json:
        access: Json = self.file()["authorities"][self.authority]
        return access

    def consumer(self) -> AIOKafkaConsumer:
        access, kafka = self.access, self.file()["kafka"]
        return AIOKafkaConsumer(
            bootstrap_servers=kafka["bootstrap"],
            security_protocol=kafka["securityProtocol"],
            sasl_mechanism=SCRAM,
            sasl_plain_username=access["username"],
            sasl_plain_password=access["password"],
            group_id=access["group"],
            enable_auto_commit=False,
        )

    async def entered(self, *, seconds: float = 120) -> AIOKafkaConsumer:
        """A consumer with the authority's inbox; a new login is known to the broker some moments later."""
        async with asyncio.timeout(seconds):
            while True:
                consumer = self.consumer()
                try:
                    await consumer.start()
                except KafkaError:
                    await consumer.stop()
                else:
                    consumer.assign([TopicPartition(self.access["inboxTopic"], 0)])
                    return consumer

    def principal(self, own_id: str) -> Principal | None:
        """What the doors know."""

        async def read() -> Principal | None:
            async with await open_pool(self.database.url, schema="access") as pool:
                principals = Principals(pool, condition=Condition())
                await principals.reread()
                return principals.get(own_id)

        return asyncio.run(read())

    def fits(self, secret: str) -> bool:
        principal = self.principal(self.authority)
        if principal is None:
            return False
        kept = [
            each.secret_hash for each in principal.valid_credentials(datetime.now(UTC)) if each.secret_hash
        ]
        return asyncio.run(Argon2Secrets().fitting(secret, among=kept)) is not None

    def kids(self) -> list[str]:
        """For which keys the router seals."""
        return [key.kid for key in KeyFile(self.folder / "router" / "authorities.json").of(self.authority)]


@pytest.fixture
def house(kafka: KafkaAccess, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    async def found() -> None:
        connection = await asyncpg.connect(database.url)
        await connection.execute(SCHEMA)
        await connection.close()

    asyncio.run(found())
    admin = kafka.part.endpoint.admin()  # kept while it is asked
    made = admin.create_topics(
        [
            NewTopic(each.name, each.partitions(PARTITIONS), 1)
            for each in (DIRECTORY_CHANGED, OPERATION_ORDERED)
        ]
    )
    for topic in made.values():
        assert not isinstance(topic.exception(30), OSError)  # it may be there already
    secrets = {"kafka": kafka.password, "postgres": database.password}
    for name, secret in secrets.items():
        (tmp_path / name).write_text(secret)
    for variable, value in {
        "AMTSWEG_KAFKA_BOOTSTRAP": kafka.bootstrap,
        "AMTSWEG_KAFKA_USERNAME": kafka.username,
        "AMTSWEG_KAFKA_PASSWORD_FILE": str(tmp_path / "kafka"),
        "AMTSWEG_KAFKA_SECURITY_PROTOCOL": kafka.part.endpoint.security_protocol,
        "AMTSWEG_POSTGRES__URL": database.url_without_password,
        "AMTSWEG_POSTGRES__PASSWORD_FILE": str(tmp_path / "postgres"),
        "AMTSWEG_INTAKE_URL": "https://intake.example",
        "AMTSWEG_ROUTER_URL": "https://doors.example",
        "AMTSWEG_LANG": "en",
    }.items():
        monkeypatch.setenv(variable, value)
    return House(kafka, database, tmp_path / "keys")


def jwk(kid: str, *, private: bool = False) -> Json:
    return dict(ECKey.generate_key("P-256", {"kid": kid}).as_dict(private=private))


def written(path: Path, document: Json) -> str:
    path.write_text(json.dumps(document))
    return str(path)


def test_one_command_gives_an_authority_all_that_it_needs_and_another_ends_it(house: House) -> None:
    added = house.add()
    again = house.add()

    assert added.exit_code == 0, added.output
    assert again.exit_code != 0
    file, access = house.file(), house.access
    assert file["urls"] == {"intake": "https://intake.example", "router": "https://doors.example"}
    assert house.fits(access["secret"])
    private = json.loads(Path(access["decryptionKeyFile"]).read_text())
    assert house.kids() == [private["kid"]]
    asyncio.run(_reads_until_it_is_revoked(house))
    assert house.principal(house.authority) is None
    assert not house.fits(access["secret"])


@pytest.mark.long
@pytest.mark.parametrize("steps", [1, 2], ids=["suspended only", "and without a password"])
def test_a_revocation_that_was_broken_off_is_completed_by_the_next(house: House, steps: int) -> None:
    """What a process that is killed between two steps leaves behind; nobody can enter or read meanwhile."""
    assert house.add().exit_code == 0
    asyncio.run(_leave(house))
    login, endpoint = authority_login(house.authority), house.kafka.part.endpoint
    suspension.suspend(endpoint, house.authority)
    if steps == 2:
        end_login(endpoint, login)
    half = json.loads(house.run("show", house.authority).output)["kafka"]
    assert half == {"username": login, "login": steps == 1, "refused": True}
    assert house.principal(house.authority) is not None

    revoked = house.run("revoke", house.authority)

    assert revoked.exit_code == 0, revoked.output
    assert login not in known_logins(endpoint)
    assert login in suspension.suspended(endpoint)
    assert house.principal(house.authority) is None
    assert not (house.folder / "authorities" / house.authority / "kafka-password").exists()


async def _leave(house: House) -> None:
    await (await house.entered()).stop()


async def _reads_until_it_is_revoked(house: House) -> None:
    """An open connection reads its own inbox, commits, and is shut out while it is open."""
    consumer = await house.entered()
    tp = TopicPartition(house.access["inboxTopic"], 0)
    try:
        assert await consumer.end_offsets([tp]) == {tp: 0}
        await consumer.commit({tp: 0})
        revoked = await asyncio.to_thread(house.run, "revoke", house.authority)
        assert revoked.exit_code == 0, revoked.output
        async with asyncio.timeout(60):
            while not await _refused(consumer, tp):
                pass
    finally:
        await consumer.stop()


async def _refused(consumer: AIOKafkaConsumer, tp: TopicPartition) -> bool:
    try:
        await consumer.commit({tp: 0})
    except KafkaError:
        return True
    return False


def test_its_own_keys_are_taken_and_what_is_replaced_goes_on_for_a_while(
    house: House, tmp_path: Path
) -> None:
    first, second = written(tmp_path / "1", jwk("first")), written(tmp_path / "2", jwk("second"))
    signing = written(tmp_path / "3", jwk("signing"))
    added = house.add("--public-key", first, "--client-key", signing)
    together = house.run("rotate", house.authority, "--public-key", second, "--overlap", "1")
    both = house.kids()
    twice = house.run("rotate", house.authority, "--public-key", second)
    ended = house.run("revoke", house.authority, "--key", "first")
    last = house.run("revoke", house.authority, "--key", "second")

    assert (added.exit_code, together.exit_code, ended.exit_code) == (0, 0, 0), added.output
    assert both == ["second", "first"]
    assert twice.exit_code != 0
    assert last.exit_code != 0
    assert house.kids() == ["second"]
    principal = house.principal(house.authority)
    assert principal is not None
    assert [each.id for each in principal.credentials] == ["signing"]


def test_an_id_that_no_published_directory_names_is_refused_and_nothing_is_made(house: House) -> None:
    refused = house.run("add", house.authority)
    assert isinstance(refused.exception, WrongCallError)
    assert house.authority in str(refused.exception)
    assert "--unlisted" in str(refused.exception)
    assert house.principal(house.authority) is None
    assert not (house.folder / "authorities").exists()


def test_a_private_or_weak_key_is_refused_and_nothing_is_made(house: House, tmp_path: Path) -> None:
    private = house.add("--public-key", written(tmp_path / "k", jwk("k", private=True)))
    weak = house.add("--public-key", written(tmp_path / "w", {"kty": "oct", "k": "AAAA", "kid": "w"}))

    assert private.exit_code != 0
    assert weak.exit_code != 0
    assert house.principal(house.authority) is None
    assert not (house.folder / "authorities" / house.authority / "access.json").exists()


def test_a_new_secret_and_a_new_password_work_and_the_old_secret_for_a_while(house: House) -> None:
    house.add()
    before = house.access
    rotated = house.run("rotate", house.authority, "--client", "--password", "--overlap", "1")
    after = house.access

    assert rotated.exit_code == 0, rotated.output
    told = " ".join(rotated.output.split())
    assert re.search(r"HTTP-Nachweis gilt bis \d|HTTP credential before holds until \d", told)
    assert re.search(r"Kafka-Passwort gilt nicht mehr|Kafka password before holds no more", told)
    assert before["secret"] != after["secret"]
    assert before["password"] != after["password"]
    assert house.fits(before["secret"])
    assert house.fits(after["secret"])

    async def enters() -> None:
        await (await house.entered()).stop()

    asyncio.run(enters())


def test_a_provider_serves_more_authorities_and_fewer(house: House) -> None:
    async def register() -> None:
        connection = await asyncpg.connect(house.database.url)
        await add(
            connection,
            Principal(
                id="ekom21",
                kind="provider",
                name="ekom21",
                scopes=frozenset({"inbox.read"}),
                authorities=frozenset({"g-06531005"}),
                registered_at=datetime.now(UTC),
            ),
        )
        await connection.close()

    asyncio.run(register())
    runner = CliRunner()
    more = runner.invoke(commands, ["serve", "ekom21", "g-06531005", "g-06534014"])
    both = house.principal("ekom21")
    assert "`amtsweg authority add g-06534014`" in more.stderr
    fewer = runner.invoke(commands, ["serve", "ekom21", "g-06531005", "--no-more"])
    nobody = runner.invoke(commands, ["serve", "nobody", "g-06531005"])
    one = house.principal("ekom21")

    assert (more.exit_code, fewer.exit_code) == (0, 0), more.output
    assert nobody.exit_code != 0
    assert both is not None
    assert both.authorities == {"g-06531005", "g-06534014"}
    assert one is not None
    assert one.authorities == {"g-06534014"}


def test_the_list_tells_who_acts_for_whom_and_no_secret(house: House) -> None:
    house.add()
    secrets = {house.access["secret"], house.access["password"]}
    told = house.run("list", "--json")
    shown = house.run("show", house.authority)
    unknown = house.run("show", "g-00000000")

    (mine,) = [each for each in json.loads(told.output) if each["authority"] == house.authority]
    assert mine == json.loads(shown.output)
    assert mine["kafka"] == {"username": f"authority.{house.authority}", "login": True, "refused": False}
    assert [client["id"] for client in mine["clients"]] == [house.authority]
    assert not mine["suspended"]
    assert not any(secret in told.output for secret in secrets)
    assert "amtsweg authority add" in str(unknown.exception or unknown.output)


async def test_a_suspension_and_its_end_are_orders_on_record(house: House, kafka: KafkaAccess) -> None:
    runner = CliRunner()

    said = [
        await asyncio.to_thread(runner.invoke, commands, [command, house.authority])
        for command in ("suspend", "resume", "resume")
    ]

    assert [result.exit_code for result in said] == [0, 0, 1], [result.output for result in said]
    assert "amtsweg authority list" in said[0].stderr  # nobody was added under this id
    records = await everything(house.address, OPERATION_ORDERED.name)
    ours_or_not = [r for r in records if "ce_type" in dict(r.headers)]  # others try what cannot be read
    told = [decode(r.value, r.headers, OPERATION_ORDERED.payloads).data for r in ours_or_not]
    ours = [each for each in told if getattr(each, "authority", None) == house.authority]
    assert [type(each) for each in ours] == [SuspendOrdered, ResumeOrdered]


async def test_what_the_console_has_ordered_the_command_sees_completes_and_ends(house: House) -> None:
    """An order of the console leaves Kafka's login to the command; until it is resumed nobody gets a new access."""
    assert (await asyncio.to_thread(house.add)).exit_code == 0
    ordered_there = ordered(
        SuspendOrdered(authority=house.authority, principal="betrieb-1"), source="urn:amtsweg:console"
    )
    await send_orders(house.address, [ordered_there])

    async def shown() -> Json:
        document: Json = json.loads((await asyncio.to_thread(house.run, "show", house.authority)).output)
        return document

    assert await _shut(shown) == (True, False)
    refused = await asyncio.to_thread(house.add, "--client-id", unique("client"))
    assert "amtsweg authority resume" in str(refused.exception or refused.output)
    runner = CliRunner()
    for command, told in (("suspend", (True, True)), ("resume", (False, False))):
        done = await asyncio.to_thread(runner.invoke, commands, [command, house.authority])
        assert done.exit_code == 0, done.output
        assert "amtsweg authority list" not in done.stderr
        assert await _shut(shown) == told


async def _shut(shown: Callable[[], Awaitable[Json]]) -> tuple[bool, bool]:
    told = await shown()
    return told["suspended"], told["kafka"]["refused"]
