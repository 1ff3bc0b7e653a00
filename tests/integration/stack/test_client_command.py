"""`amtsweg client` on real PostgreSQL: who is registered may come in, who is revoked may not."""

import asyncio
import json
import re
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from amtsweg.clients import commands
from services.intake.adapters.postgres.clients import SCHEMA, ClientRegistry
from services.intake.adapters.secrets import Argon2Secrets
from services.intake.domain.client import Client
from shared.postgres.pool import open_pool
from shared.telemetry.health import Condition
from tests.support.stack import Database

CLERK = ("add", "klaerung-7", "--name", "Klärungsstelle", "--scope", "desk")


@pytest.fixture
def registry(database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Database:
    async def found() -> None:
        connection = await asyncpg.connect(database.url)
        await connection.execute(SCHEMA)
        await connection.close()

    asyncio.run(found())
    password = tmp_path / "password"
    password.write_text(database.password)
    monkeypatch.setenv("AMTSWEG_POSTGRES__URL", database.url_without_password)
    monkeypatch.setenv("AMTSWEG_POSTGRES__PASSWORD_FILE", str(password))
    monkeypatch.setenv("COLUMNS", "200")
    return database


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, arguments)


def known(database: Database, client: str) -> Client | None:
    """What the token door knows of the client."""

    async def read() -> Client | None:
        async with await open_pool(database.url, schema="access") as pool:
            clients = ClientRegistry(pool, condition=Condition())
            await clients.reread()
            return clients.get(client)

    return asyncio.run(read())


def test_a_person_is_registered_with_a_secret_that_is_shown_once(registry: Database) -> None:
    added = run(*CLERK)

    assert added.exit_code == 0
    (secret,) = re.findall(r"Geheimnis: (\S+)", added.stdout)
    client = known(registry, "klaerung-7")
    assert client is not None
    assert client.scopes == {"desk"}
    assert asyncio.run(Argon2Secrets().matches(secret, expected=client.secret_hash))
    assert secret not in run("list").stdout


def test_a_platform_is_registered_with_its_public_key(registry: Database, tmp_path: Path) -> None:
    key = tmp_path / "public.jwk"
    key.write_text(json.dumps({"kty": "EC", "crv": "P-256", "x": "x", "y": "y"}))

    added = run("add", "portal", "--name", "Portal", "--scope", "cases.read", "--public-key", str(key))

    assert (added.exit_code, "Geheimnis" in added.stdout) == (0, False)
    client = known(registry, "portal")
    assert client is not None
    assert (client.secret_hash, client.public_key) == (None, json.loads(key.read_text()))


def test_who_is_revoked_is_unknown_and_may_be_registered_anew(registry: Database) -> None:
    run(*CLERK)
    taken = run(*CLERK)
    revoked = run("revoke", "klaerung-7")

    assert (taken.exit_code, "gibt es schon" in taken.stderr) == (1, True)
    assert revoked.exit_code == 0
    assert known(registry, "klaerung-7") is None
    assert run("revoke", "klaerung-7").exit_code == 1
    assert run(*CLERK).exit_code == 0
    assert known(registry, "klaerung-7") is not None
