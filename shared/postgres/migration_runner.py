"""Running revisions with Alembic; apart, because importing it takes a second that nearly no start needs."""

from pathlib import Path
from typing import Final

import asyncpg
from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from shared.errors import Unavailable
from shared.postgres.pool import reaching_postgres

_LOCK: Final = 0x616D7473  # "amts": one replica migrates, the others wait and find it done

_MAY_NOT: Final = "42501"  # insufficient_privilege

_LATER: Final = ("08", "53", "57P")  # connection, resources, starting up or shutting down


class OutdatedSchema(Exception):  # noqa: N818 - named for what is wrong
    """Only the schema's owner may migrate it: `amtsweg provision` does, the service cannot."""


async def revise(url: str, *, schema: str, folder: Path, password: str | None = None) -> None:
    """Run what `shared.postgres.migrations.upgrade` has found missing; one replica does, the others wait.

    Raises:
        Unavailable: PostgreSQL cannot be reached.
        OutdatedSchema: the role may not migrate.
    """
    # asyncpg reads the URL itself, as everywhere else: SQLAlchemy does not know its `sslmode`.
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url, password=password)
    )
    try:
        with reaching_postgres():
            async with engine.begin() as connection:
                await connection.run_sync(_upgrade, schema, folder)
    except DBAPIError as error:
        if error.connection_invalidated or _state(error).startswith(_LATER):
            raise Unavailable(f"PostgreSQL: schema {schema} cannot be migrated now") from error
        if _state(error) == _MAY_NOT:
            raise OutdatedSchema(
                f"schema {schema} is not of this release, and this role may not change it: run "
                "`amtsweg provision servers` of this release first, then start the service again"
            ) from error
        raise
    finally:
        await engine.dispose()


def _state(error: DBAPIError) -> str:
    """The SQLSTATE, PostgreSQL appendix A; empty when the driver gives none."""
    return getattr(error.orig, "sqlstate", None) or ""


def run_revisions() -> None:
    """What Alembic's ``env.py`` does: run on the connection that ``revise`` has opened."""
    attributes = context.config.attributes
    context.configure(
        connection=attributes["connection"],
        version_table_schema=attributes["schema"],
        transaction_per_migration=False,
    )
    context.run_migrations()


def _upgrade(connection: Connection, schema: str, folder: Path) -> None:
    quoted = connection.dialect.identifier_preparer.quote_identifier(schema)
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    known = connection.execute(text("SELECT to_regnamespace(:name)"), {"name": quoted}).scalar()
    if known is None:
        connection.execute(text(f"CREATE SCHEMA {quoted}"))
    connection.execute(text(f"SET LOCAL search_path TO {quoted}"))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
    config.set_main_option("version_locations", str(folder))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(connection=connection, schema=schema)
    command.upgrade(config, "heads")
