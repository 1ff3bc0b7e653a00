from dataclasses import replace

import pytest

from services.intake.adapters.postgres.clients import ClientRegistry, register
from services.intake.adapters.secrets import Argon2Secrets, hashed
from services.intake.domain.client import Client
from shared.errors import Unavailable
from shared.postgres.pool import Pool
from shared.telemetry.health import Condition

PORTAL = Client(
    id="portal",
    name="Landesportal",
    scopes=frozenset({"cases.read"}),
    secret_hash="$argon2id$",
    public_key={"kty": "EC", "crv": "P-256"},
)


@pytest.fixture
async def registry(pool: Pool) -> ClientRegistry:
    return ClientRegistry(pool, condition=Condition())


async def test_a_registered_client_is_known_after_rereading(pool: Pool, registry: ClientRegistry) -> None:
    await registry.reread()
    async with pool.acquire() as connection:
        await register(connection, PORTAL)
    assert registry.get("portal") is None
    await registry.reread()
    assert registry.get("portal") == PORTAL


async def test_nobody_is_unknown_before_the_clients_were_read(registry: ClientRegistry) -> None:
    with pytest.raises(Unavailable):
        registry.get("portal")


async def test_registering_again_replaces_what_was_known(pool: Pool, registry: ClientRegistry) -> None:
    changed = replace(PORTAL, name="Portal", secret_hash=None, public_key=None)
    async with pool.acquire() as connection:
        await register(connection, PORTAL)
        await register(connection, changed)
    await registry.reread()
    assert registry.get("portal") == changed


async def test_a_revoked_client_is_not_known(pool: Pool, registry: ClientRegistry) -> None:
    async with pool.acquire() as connection:
        await register(connection, PORTAL)
        await connection.execute("UPDATE access.clients SET revoked_at = now()")
    await registry.reread()
    assert registry.get("portal") is None


async def test_a_secret_fits_its_hash_and_no_other() -> None:
    secrets = Argon2Secrets()
    kept = hashed("geheim")
    assert await secrets.matches("geheim", expected=kept)
    assert not await secrets.matches("Geheim", expected=kept)
    assert not await secrets.matches("geheim", expected=None)
