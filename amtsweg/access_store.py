"""Schema ``access`` for the commands that write it: of the local stack, or of the installation that the environment names."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

import asyncpg
from pydantic_settings import BaseSettings, SettingsConfigDict

from amtsweg.language import said
from amtsweg.named_file import secret_in
from amtsweg.servers_asked import asking, not_reached
from amtsweg.stack.description import StackDescription, stack_folder
from amtsweg.stack.errors import AwayError, WrongCallError
from amtsweg.terminal import echo
from shared.access.registration import without_access
from shared.postgres.pool import Connection
from shared.settings import PostgresConnection

T = TypeVar("T")

_REFUSED: Final = (
    asyncpg.InvalidAuthorizationSpecificationError,  # role or password
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.UndefinedTableError,
)


class _Environment(BaseSettings):
    """``AMTSWEG_POSTGRES__URL``, ``__PASSWORD_FILE``: an installation's role ``access``."""

    model_config = SettingsConfigDict(env_prefix="AMTSWEG_", env_nested_delimiter="__", extra="ignore")

    postgres: PostgresConnection


def access(work: Callable[[Connection], Awaitable[T]]) -> T:
    """Do something in schema ``access``.

    Raises:
        StackError: PostgreSQL is away, or refuses role, password or database.
    """
    url, password = _postgres()
    asking("PostgreSQL", url)

    async def connected() -> T:
        connection = await asyncpg.connect(url, password=password, timeout=10)
        try:
            return await work(connection)
        finally:
            await connection.close()

    with asked_postgres():
        return asyncio.run(connected())


def caution_without_access(authorities: Collection[str]) -> None:
    """Say of which authorities a provider serves there is no inbox yet: a slip of the pen would be silent for ever."""
    for each in access(lambda connection: without_access(connection, authorities)):
        echo(
            said(
                de=f"Achtung: {each} hat noch keinen Eingang. Ist die Kennung richtig? Dann: `amtsweg authority add {each}`.",
                en=f"Caution: {each} has no inbox yet. Is the id right? Then: `amtsweg authority add {each}`.",
            ),
            err=True,
        )


def _postgres() -> tuple[str, str | None]:
    if "AMTSWEG_POSTGRES__URL" not in os.environ:
        return running_stack().postgres.url, None
    postgres = _Environment().postgres
    return postgres.url, secret_in(postgres.password_file) if postgres.password_file else None


@contextmanager
def asked_postgres() -> Iterator[None]:
    """Tell a call that PostgreSQL will always refuse from one that may succeed later."""
    try:
        yield
    except _REFUSED as refused:
        raise WrongCallError(
            said(
                de=f"PostgreSQL weist ab: {refused}. Stimmen AMTSWEG_POSTGRES__URL und AMTSWEG_POSTGRES__PASSWORD_FILE?",
                en=f"PostgreSQL refuses: {refused}. Are AMTSWEG_POSTGRES__URL and AMTSWEG_POSTGRES__PASSWORD_FILE right?",
            )
        ) from refused
    except (OSError, asyncpg.PostgresError) as away:
        raise AwayError(not_reached(away)) from away


def running_stack() -> StackDescription:
    """The local stack.

    Raises:
        StackError: none runs.
    """
    try:
        return StackDescription.read(stack_folder())
    except FileNotFoundError:
        raise WrongCallError(
            said(
                de="Kein laufender Stapel: `amtsweg up`, oder AMTSWEG_KAFKA_BOOTSTRAP und AMTSWEG_POSTGRES__URL setzen.",
                en="no running stack: `amtsweg up`, or set AMTSWEG_KAFKA_BOOTSTRAP and AMTSWEG_POSTGRES__URL.",
            )
        ) from None
