"""`amtsweg client`: who may ask for access tokens, and for what."""

import asyncio
import json
import os
import re
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn, TypeVar

import asyncpg
import typer
from pydantic_settings import BaseSettings, SettingsConfigDict
from rich.console import Console
from rich.table import Column, Table

from amtsweg.stack.description import StackDescription
from services.intake.adapters.postgres.clients import register
from services.intake.adapters.secrets import hashed
from services.intake.domain.client import OTHER_AUDIENCES, SCOPES, Client, granted
from shared.postgres.pool import Connection
from shared.settings import PostgresConnection, read_secret

commands = typer.Typer(no_args_is_help=True, help="Wer Zugriffstoken bekommt, und wofür.")

T = TypeVar("T")

PERSONAL: Final = frozenset({"desk"})
"""Scopes of people: what they decide stands on record beside their id, so the id is a number."""

_NUMBERED: Final = re.compile(r"[a-z]{1,30}-[0-9]{1,6}")
_SECRET_BYTES: Final = 32

ClientId = Annotated[str, typer.Argument(help="Kennung, zum Beispiel landesplattform oder klaerung-7")]


class _Environment(BaseSettings):
    """``AMTSWEG_POSTGRES__URL``, ``__PASSWORD_FILE``: an installation's role ``access``."""

    model_config = SettingsConfigDict(env_prefix="AMTSWEG_", env_nested_delimiter="__", extra="ignore")

    postgres: PostgresConnection


@commands.command("add")
def add(
    client: ClientId,
    *,
    name: Annotated[str, typer.Option(help="wofür; bei Personen die Stelle, kein Name")],
    scope: Annotated[
        list[str], typer.Option(help=f"Recht: {', '.join((*SCOPES, *OTHER_AUDIENCES))}; mehrfach")
    ],
    public_key: Annotated[
        Path | None,
        typer.Option(help="öffentlicher Schlüssel als JWK (private_key_jwt) statt eines Geheimnisses"),
    ] = None,
) -> None:
    """Anmelden; ohne Schlüssel wird ein Geheimnis gewürfelt und einmal gezeigt."""
    problem = objection(client, scopes=frozenset(scope))
    if problem is not None:
        _end(problem)
    secret = secrets.token_urlsafe(_SECRET_BYTES) if public_key is None else None
    added = Client(
        id=client,
        name=name,
        scopes=frozenset(scope),
        secret_hash=None if secret is None else hashed(secret),
        public_key=None if public_key is None else _public(public_key),
    )
    if not _run(lambda connection: _add(connection, added)):
        _end(f"{client} gibt es schon. Zum Ersetzen vorher `amtsweg client revoke {client}`.")
    typer.echo(
        f"{client} ist angemeldet; spätestens in 30 Sekunden gilt es."
        + (f" Geheimnis: {secret}" if secret else "")
    )


@commands.command("list")
def list_clients() -> None:
    """Alle, auch die gesperrten."""
    rows = _run(lambda connection: connection.fetch(_LIST))
    table = Table(Column("Kennung", no_wrap=True), "Name", "Rechte", "Nachweis", "seit", "gesperrt")
    for row in rows:
        table.add_row(
            row["id"],
            row["name"],
            " ".join(row["scopes"]),
            "Schlüssel" if row["public_key"] else "Geheimnis",
            f"{row['registered_at'].astimezone():%d.%m.%Y}",
            f"{row['revoked_at'].astimezone():%d.%m.%Y %H:%M}" if row["revoked_at"] else "",
        )
    Console().print(table)


@commands.command("revoke")
def revoke(client: ClientId) -> None:
    """Sperren: kein neues Token mehr; eines, das schon da ist, gilt höchstens fünf Minuten."""
    if _run(lambda connection: connection.fetchval(_REVOKE, client)) is None:
        _end(f"{client} gibt es nicht, oder es ist schon gesperrt.")
    typer.echo(f"{client} ist gesperrt.")


def objection(client: str, *, scopes: frozenset[str]) -> str | None:
    """Why a client cannot be registered like this, in German; None if nothing speaks against it."""
    unknown = scopes - {*SCOPES, *OTHER_AUDIENCES}
    if unknown:
        return f"--scope: {', '.join(sorted(unknown))} gibt es nicht."
    if granted(Client(id=client, name="", scopes=scopes), asked=None) is None:
        return "--scope: Diese Rechte öffnen verschiedene Dienste; dafür sind es zwei Anmeldungen."
    if scopes & PERSONAL and not _NUMBERED.fullmatch(client):
        return (
            f"{client}: Personen bekommen eine Nummer statt eines Namens, zum Beispiel klaerung-7; "
            "die Kennung steht jahrelang bei dem, was sie entschieden haben."
        )
    return None


_LIST: Final = (
    "SELECT id, name, scopes, public_key, registered_at, revoked_at FROM access.clients ORDER BY id"
)
_REVOKE: Final = (
    "UPDATE access.clients SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING id"
)


async def _add(connection: Connection, client: Client) -> bool:
    """False when there is one of that id that is not revoked."""
    async with connection.transaction():
        await connection.execute("LOCK TABLE access.clients IN SHARE ROW EXCLUSIVE MODE")
        taken = await connection.fetchval(
            "SELECT true FROM access.clients WHERE id = $1 AND revoked_at IS NULL", client.id
        )
        if not taken:
            await register(connection, client)
        return not taken


def _public(path: Path) -> dict[str, Any]:
    """The JWK in a file; one that holds a private part must never lie in the registry."""
    try:
        key: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        _end(f"--public-key {path}: {type(error).__name__}, erwartet wird ein JWK.")
    if "d" in key or key.get("kty") not in {"EC", "RSA", "OKP"}:
        _end(f"--public-key {path}: erwartet wird der öffentliche Teil eines Schlüssels (EC, RSA oder OKP).")
    return key


def _run(work: Callable[[Connection], Awaitable[T]]) -> T:
    async def connected() -> T:
        url, password = _postgres()
        connection = await asyncpg.connect(url, password=password, timeout=10)
        try:
            return await work(connection)
        finally:
            await connection.close()

    try:
        return asyncio.run(connected())
    except (OSError, asyncpg.PostgresError) as error:
        _end(f"PostgreSQL: {type(error).__name__}: {error}", code=3)


def _postgres() -> tuple[str, str | None]:
    if "AMTSWEG_POSTGRES__URL" in os.environ:
        postgres = _Environment().postgres
        return postgres.url, read_secret(postgres.password_file) if postgres.password_file else None
    try:
        return StackDescription.read().postgres.url, None
    except FileNotFoundError:
        _end(
            "Kein laufender Stapel unter var/: starten Sie ihn mit `amtsweg up`, oder setzen Sie "
            "AMTSWEG_POSTGRES__URL und AMTSWEG_POSTGRES__PASSWORD_FILE.",
            code=2,
        )


def _end(text: str, *, code: int = 1) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(code)
