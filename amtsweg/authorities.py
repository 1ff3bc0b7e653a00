"""`amtsweg authority`: shut an authority out at once, over Kafka and HTTP, let it in again, and what it may take."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeVar

import asyncpg
import typer
from pydantic_settings import BaseSettings, SettingsConfigDict

from amtsweg.key_file import key_file
from amtsweg.language import said
from amtsweg.stack import endpoints
from amtsweg.stack.description import StackDescription, stack_folder
from amtsweg.stack.endpoints import KafkaEndpoint
from amtsweg.stack.errors import StackError
from amtsweg.stack.provision import suspension
from amtsweg.stack.provision.quotas import QUOTAS, set_quota
from shared.access import registration
from shared.postgres.pool import Connection
from shared.settings import PostgresConnection, read_secret

commands = typer.Typer(no_args_is_help=True, help="Zugang von Behörden sperren und wieder öffnen.")
commands.command("key-file")(key_file)

T = TypeVar("T")

AuthorityArgument = Annotated[str, typer.Argument(help="Kennung, zum Beispiel g-06531005")]
_HTTP_SECONDS: Final = 60


class _Environment(BaseSettings):
    """``AMTSWEG_POSTGRES__URL``, ``__PASSWORD_FILE``: an installation's role ``access``."""

    model_config = SettingsConfigDict(env_prefix="AMTSWEG_", env_nested_delimiter="__", extra="ignore")

    postgres: PostgresConnection


@commands.command("suspend")
def suspend(authority: AuthorityArgument) -> None:
    """Sperren: bei Kafka sofort, auch offene Verbindungen; über HTTP binnen einer Minute. Der Eingang wartet."""
    suspension.suspend(_kafka(), authority)
    _access(lambda connection: registration.suspend(connection, authority))
    typer.echo(
        said(
            de=f"{authority} ist gesperrt: bei Kafka ab sofort, über HTTP spätestens in {_HTTP_SECONDS} Sekunden.",
            en=f"{authority} is suspended: over Kafka from now on, over HTTP within {_HTTP_SECONDS} seconds.",
        )
    )


@commands.command("resume")
def resume(authority: AuthorityArgument) -> None:
    """Wieder öffnen: was inzwischen kam, liegt im Eingang."""
    over_kafka = suspension.resume(_kafka(), authority)
    over_http = _access(lambda connection: registration.resume(connection, authority))
    if not (over_kafka or over_http):
        raise StackError(said(de=f"{authority} ist nicht gesperrt.", en=f"{authority} is not suspended."))
    typer.echo(said(de=f"{authority} ist wieder offen.", en=f"{authority} is open again."))


@commands.command("quota")
def quota(
    authority: AuthorityArgument,
    name: Annotated[str, typer.Argument(help=f"eines von: {', '.join(QUOTAS)}")],
) -> None:
    """Wie viel der Zugang bei Kafka verbrauchen darf: das übliche Maß, oder das für Dienstleister."""
    if name not in QUOTAS:
        raise StackError(f"{name}: {', '.join(QUOTAS)}")
    set_quota(_kafka(), authority, QUOTAS[name])
    typer.echo(f"{authority}: {name}")


def _kafka() -> KafkaEndpoint:
    """A super user's way to Kafka: grants are his."""
    named = endpoints.kafka(os.environ)
    if named is not None:
        return named
    kafka = _stack().kafka
    return KafkaEndpoint(
        bootstrap=kafka.bootstrap,
        username=kafka.admin.username,
        password=kafka.admin.password,
        security_protocol=kafka.security_protocol,
    )


def _access(work: Callable[[Connection], Awaitable[T]]) -> T:
    async def connected() -> T:
        if "AMTSWEG_POSTGRES__URL" in os.environ:
            postgres = _Environment().postgres
            password = read_secret(postgres.password_file) if postgres.password_file else None
            connection = await asyncpg.connect(postgres.url, password=password, timeout=10)
        else:
            connection = await asyncpg.connect(_stack().postgres.url, timeout=10)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(connected())


def _stack() -> StackDescription:
    try:
        return StackDescription.read(stack_folder())
    except FileNotFoundError:
        raise StackError(
            said(
                de="Kein laufender Stapel: `amtsweg up`, oder AMTSWEG_KAFKA_BOOTSTRAP und AMTSWEG_POSTGRES__URL setzen.",
                en="no running stack: `amtsweg up`, or set AMTSWEG_KAFKA_BOOTSTRAP and AMTSWEG_POSTGRES__URL.",
            )
        ) from None
