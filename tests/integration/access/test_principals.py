"""Schema ``access`` on real PostgreSQL: what is written counts at the doors after the next reading."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from shared.access import registration
from shared.access.principal import Credential, Principal
from shared.access.principals import STALE_SECONDS, Principals
from shared.access.schema import SCHEMA
from shared.errors import Unavailable
from shared.postgres.pool import Pool, open_pool
from shared.telemetry.health import Condition
from tests.support.stack import Database

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
PROVIDER = Principal(
    id="rechenzentrum",
    kind="provider",
    name="Rechenzentrum",
    scopes=frozenset({"answers.write", "inbox.read"}),
    authorities=frozenset({"g-06531005", "k-06531"}),
    registered_at=NOW,
    credentials=(Credential(id="one", secret_hash="$argon2id$", valid_from=NOW),),
)
KEY = Credential(id="two", key={"kty": "EC", "crv": "P-256"}, valid_from=NOW)


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    owner = await asyncpg.connect(database.url)
    await owner.execute(SCHEMA)
    await owner.execute(SCHEMA)  # a set-up that runs again changes nothing
    await owner.close()
    opened = await open_pool(database.url, schema="access")
    yield opened
    await opened.close()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def principals(pool: Pool, seconds: Seconds) -> Principals:
    return Principals(pool, condition=Condition(), seconds=seconds)


async def known(principals: Principals) -> Principal | None:
    await principals.reread()
    return principals.get(PROVIDER.id)


def valid(principal: Principal | None, *, later: timedelta = timedelta()) -> list[str]:
    assert principal is not None
    return [each.id for each in principal.valid_credentials(datetime.now(UTC) + later)]


async def test_a_registered_principal_is_known_after_rereading(pool: Pool, principals: Principals) -> None:
    await principals.reread()
    async with pool.acquire() as connection:
        assert await registration.add(connection, PROVIDER)
    assert principals.get(PROVIDER.id) is None
    found = await known(principals)
    assert found is not None
    (credential,) = found.credentials
    same = replace(credential, valid_from=NOW)
    assert replace(found, registered_at=NOW, credentials=(same,)) == PROVIDER


async def test_an_id_is_never_given_twice(pool: Pool, principals: Principals) -> None:
    async with pool.acquire() as connection:
        await registration.add(connection, PROVIDER)
        assert not await registration.add(connection, replace(PROVIDER, name="Other"))
        assert await registration.revoke(connection, PROVIDER.id)
        assert not await registration.revoke(connection, PROVIDER.id)
        assert not await registration.add(connection, PROVIDER)
        assert not await registration.rotate(connection, PROVIDER.id, credential=KEY, overlap=DAY)
    assert await known(principals) is None


async def test_others_seal_to_the_new_key_and_for_a_while_to_the_old_one(
    pool: Pool, principals: Principals
) -> None:
    first, second = {"kty": "EC", "kid": "seal-1"}, {"kty": "EC", "kid": "seal-2"}
    async with pool.acquire() as connection:
        await registration.add(connection, replace(PROVIDER, sealing_keys=(first,)))
        assert await registration.seal_to(connection, PROVIDER.id, key=second, overlap=DAY)
        both = await known(principals)
        assert not await registration.seal_to(connection, PROVIDER.id, key=first, overlap=DAY)
        third = second | {"kid": "seal-3"}
        assert await registration.seal_to(connection, PROVIDER.id, key=third, overlap=timedelta())
        last = await known(principals)
        await registration.revoke(connection, PROVIDER.id)
        assert not await registration.seal_to(connection, PROVIDER.id, key={"kid": "seal-4"}, overlap=DAY)
    assert both is not None
    assert last is not None
    assert [key["kid"] for key in both.sealing_keys] == ["seal-1", "seal-2"]
    assert [key["kid"] for key in last.sealing_keys] == ["seal-3"]


async def test_while_one_credential_takes_over_both_are_valid(pool: Pool, principals: Principals) -> None:
    async with pool.acquire() as connection:
        await registration.add(connection, PROVIDER)
        assert await registration.rotate(connection, PROVIDER.id, credential=KEY, overlap=DAY)
    found = await known(principals)
    assert valid(found) == ["two", "one"]
    assert valid(found, later=DAY) == ["two"]


async def test_never_more_than_two_are_valid(pool: Pool, principals: Principals) -> None:
    async with pool.acquire() as connection:
        await registration.add(connection, PROVIDER)
        for number in range(3):
            credential = replace(KEY, id=f"key-{number}")
            await registration.rotate(connection, PROVIDER.id, credential=credential, overlap=DAY)
    assert valid(await known(principals)) == ["key-2", "key-1"]


async def test_a_credential_that_is_known_is_not_given_again_and_ends_nothing(
    pool: Pool, principals: Principals
) -> None:
    async with pool.acquire() as connection:
        await registration.add(connection, PROVIDER)
        again = replace(KEY, id="one")
        assert not await registration.rotate(connection, PROVIDER.id, credential=again, overlap=timedelta())
        assert not await registration.rotate(connection, "nobody", credential=KEY, overlap=DAY)
    assert valid(await known(principals)) == ["one"]


async def test_a_credential_can_be_ended_alone(pool: Pool, principals: Principals) -> None:
    async with pool.acquire() as connection:
        await registration.add(connection, PROVIDER)
        await registration.rotate(connection, PROVIDER.id, credential=KEY, overlap=DAY)
        assert await registration.end_credential(connection, PROVIDER.id, credential="one")
        assert not await registration.end_credential(connection, PROVIDER.id, credential="one")
    assert valid(await known(principals)) == ["two"]


async def test_nobody_is_judged_before_the_principals_were_read_or_long_after(
    principals: Principals, seconds: Seconds
) -> None:
    with pytest.raises(Unavailable):
        principals.get(PROVIDER.id)
    await principals.reread()
    seconds.now += STALE_SECONDS
    assert principals.get(PROVIDER.id) is None
    seconds.now += 1
    with pytest.raises(Unavailable):
        principals.get(PROVIDER.id)
