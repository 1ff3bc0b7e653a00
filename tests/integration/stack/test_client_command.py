"""`amtsweg client` on real PostgreSQL: who is registered may come in, who is revoked may not."""

import asyncio
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from joserfc.jwk import ECKey
from typer.testing import CliRunner, Result

from amtsweg.clients import commands
from services.audit.adapters.auditors import RegisteredAuditors
from services.intake.adapters.secrets import Argon2Secrets
from shared.access.principal import Principal
from shared.access.principals import Principals
from shared.access.schema import SCHEMA
from shared.postgres.pool import open_pool
from shared.telemetry.health import Condition
from tests.support.auditors import PrincipalsHere
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


def known(database: Database, client: str) -> Principal | None:
    """What the doors know of the principal."""

    async def read() -> Principal | None:
        async with await open_pool(database.url, schema="access") as pool:
            principals = Principals(pool, condition=Condition())
            await principals.reread()
            return principals.get(client)

    return asyncio.run(read())


def fitting(principal: Principal | None, secret: str) -> str | None:
    assert principal is not None
    kept = [each.secret_hash for each in principal.valid_credentials(datetime.now(UTC)) if each.secret_hash]
    return asyncio.run(Argon2Secrets().fitting(secret, among=kept))


def secret_in(result: Result) -> str:
    (secret,) = re.findall(r"Geheimnis: (\S+)", result.stdout)
    return str(secret)


def test_an_auditor_gets_a_token_that_is_rotated_with_an_overlap_and_revoked(registry: Database) -> None:
    def looks(result: Result) -> bool:
        (token,) = re.findall(r"Token: (\S+)", result.stdout)
        found = known(registry, "pruefung-3")
        here = PrincipalsHere({} if found is None else {found.id: found})
        return RegisteredAuditors(here).find(str(token), datetime.now(UTC)) is not None

    added = run("add", "pruefung-3", "--name", "Rechnungshof", "--scope", "audit.look")
    assert looks(added)
    rotated = run("rotate", "pruefung-3")
    assert looks(added)
    assert looks(rotated)
    assert run("rotate", "pruefung-3", "--public-key", "key.jwk").exit_code == 2
    run("rotate", "pruefung-3", "--overlap", "0")
    assert not looks(rotated)
    last = run("rotate", "pruefung-3")
    run("revoke", "pruefung-3")
    assert not looks(last)


def test_a_person_is_registered_with_a_secret_that_is_shown_once(registry: Database) -> None:
    added = run(*CLERK)

    assert added.exit_code == 0
    person = known(registry, "klaerung-7")
    assert person is not None
    assert (person.kind, person.scopes) == ("desk", frozenset({"desk"}))
    assert fitting(person, secret_in(added))
    assert fitting(person, "another") is None
    assert secret_in(added) not in run("list").stdout


def test_an_authority_is_registered_with_those_that_it_serves(registry: Database) -> None:
    arguments = ("--scope", "answers.write", "--authority", "g-1", "--authority", "g-2", "--kind", "provider")
    assert run("add", "g-1", "--name", "Eins", "--scope", "inbox.read", "--authority", "g-1").exit_code == 0
    added = run("add", "rechenzentrum", "--name", "Rechenzentrum", *arguments)
    assert (added.exit_code, "g-1 hat noch keinen" in added.stderr) == (0, False)
    assert "g-2 hat noch keinen Eingang" in added.stderr

    provider = known(registry, "rechenzentrum")
    assert provider is not None
    assert (provider.kind, provider.authorities) == ("provider", frozenset({"g-1", "g-2"}))


def test_a_platform_is_registered_with_its_public_key(registry: Database, tmp_path: Path) -> None:
    key = tmp_path / "public.jwk"
    jwk = ECKey.generate_key("P-256").as_dict(private=False)
    key.write_text(json.dumps(jwk))

    added = run("add", "portal", "--name", "Portal", "--scope", "cases.read", "--public-key", str(key))

    assert (added.exit_code, "Geheimnis" in added.stdout) == (0, False)
    portal = known(registry, "portal")
    assert portal is not None
    (credential,) = portal.credentials
    assert credential.secret_hash is None
    assert credential.key == {**jwk, "kid": credential.id}


def test_a_secret_takes_over_from_the_other(registry: Database) -> None:
    old = secret_in(run(*CLERK))
    rotated = run("rotate", "klaerung-7")
    new = secret_in(rotated)

    person = known(registry, "klaerung-7")
    assert rotated.exit_code == 0
    assert all(fitting(person, secret) for secret in (old, new))

    newest = secret_in(run("rotate", "klaerung-7", "--overlap", "0"))
    person = known(registry, "klaerung-7")
    assert [bool(fitting(person, secret)) for secret in (old, new, newest)] == [False, False, True]


def test_one_credential_can_be_ended(registry: Database) -> None:
    old = secret_in(run(*CLERK))
    run("rotate", "klaerung-7")
    person = known(registry, "klaerung-7")
    assert person is not None
    (ended,) = [each.id for each in person.credentials if each.valid_until]

    assert run("revoke", "klaerung-7", "--credential", ended).exit_code == 0
    assert fitting(known(registry, "klaerung-7"), old) is None
    assert run("revoke", "klaerung-7", "--credential", ended).exit_code == 1


def test_a_revoked_client_is_unknown_and_its_id_is_never_given_again(registry: Database) -> None:
    run(*CLERK)
    taken = run(*CLERK)
    revoked = run("revoke", "klaerung-7")

    assert (taken.exit_code, "gibt es schon" in taken.stderr) == (1, True)
    assert revoked.exit_code == 0
    assert known(registry, "klaerung-7") is None
    assert run("revoke", "klaerung-7").exit_code == 1
    assert run("rotate", "klaerung-7").exit_code == 1
    assert run(*CLERK).exit_code == 1
    assert known(registry, "klaerung-7") is None


def test_the_list_begins_with_the_oldest_credential(registry: Database) -> None:
    for number in (9, 8):
        assert run("add", f"klaerung-{number}", *CLERK[2:]).exit_code == 0
    shown = run("list").stdout
    (first, second) = json.loads(run("list", "--json").stdout)

    assert shown.index("klaerung-9") < shown.index("klaerung-8")
    assert (first["id"], second["id"]) == ("klaerung-8", "klaerung-9")
    assert first["credentials"][0]["type"] == "secret"
    assert "klaerung" not in run("list", "--older-than", "1").stdout
