"""A log on real PostgreSQL, and the service around it without the bus."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from services.audit.adapters.auditors import RegisteredAuditors
from services.audit.adapters.postgres import MIGRATIONS
from services.audit.adapters.postgres.committed import PostgresLog
from services.audit.adapters.postgres.ledger import PostgresLedgers
from services.audit.app import AuditService, assemble
from services.audit.domain.pending_entry import PendingEntry
from services.audit.handler.sequence import Sequencer
from services.audit.settings import Settings
from shared.postgres import migrations
from shared.postgres.pool import Pool, open_pool
from shared.settings import KafkaConnection, PostgresConnection
from shared.telemetry.health import Health
from shared.telemetry.metrics import Telemetry
from tests.support.audit import KNOWN_EVENTS, LOG_KEY, LOG_KEY_PQ, ORIGIN, SECRECY, fact
from tests.support.auditors import auditors
from tests.support.stack import RealParts, unique

TOKENS = {name: f"{name}.token-of-{name}" for name in ("rechnungshof", "datenschutz", "spiegel")}
_SCOPES = {
    "rechnungshof": ("audit.look", "audit.export"),
    "datenschutz": ("audit.look",),
    "spiegel": ("audit.bundles",),
}


@pytest.fixture(scope="session")
def template(stack: RealParts) -> str:
    """A database with the schema in it, which each test gets a copy of."""
    name = unique("template").replace("-", "_")
    stack.postgres.execute(f'create database "{name}"')
    url = stack.postgres.endpoint.url(name)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, migrations.upgrade(url, schema="audit", folder=MIGRATIONS)).result()
    return name


@pytest.fixture
def database_url(stack: RealParts, template: str) -> str:
    """A copy of the template; it goes with the session."""
    name = unique("test").replace("-", "_")
    stack.postgres.execute(f'create database "{name}" template "{template}"')
    return stack.postgres.endpoint.url(name)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(database_url, schema="audit")
    yield pool
    await pool.close()


@pytest.fixture
async def log(pool: Pool) -> PostgresLog:
    log = PostgresLog(pool, origin=ORIGIN, source="urn:amtsweg:audit")
    await log.found(KNOWN_EVENTS)
    return log


def readers() -> RegisteredAuditors:
    return auditors({TOKENS[name]: scopes for name, scopes in _SCOPES.items()})


@dataclass(frozen=True, slots=True)
class RunningLog:
    """The service without the bus: rows come in through `append`, files come out by themselves."""

    service: AuditService
    client: httpx.AsyncClient
    pool: Pool
    folder: Path
    health: Health
    _sequencer: Sequencer

    async def append(self, *facts: PendingEntry) -> None:
        async with PostgresLedgers(self.pool, origin=ORIGIN).transaction() as ledger:
            await self._sequencer.append(facts, ledger)

    async def append_numbers(self, *numbers: int) -> None:
        await self.append(*map(fact, numbers))

    async def covered(self, size: int) -> None:
        """Wait until the published checkpoint reaches this size."""
        await until(lambda: self._published(size))

    async def _published(self, size: int) -> bool:
        return bool(await self.pool.fetchval("select published_size >= $1 from logs", size))


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float = 120) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - what is awaited lies in another process
            await asyncio.sleep(0.02)


def settings_in(folder: Path) -> Settings:
    """For a service whose parts are handed to it, so that it opens nothing by itself."""
    unused = folder / "unused"
    unused.touch()
    return Settings(
        kafka=KafkaConnection(bootstrap="127.0.0.1:9", security_protocol="PLAINTEXT"),
        postgres=PostgresConnection(url="postgresql://127.0.0.1/unused"),
        tile_folder=folder / "tiles",
        log_origin=ORIGIN,
        log_key_file=unused,
        pseudonym_key_file=unused,
        directory=Path(__file__).parents[3] / "directory" / "hessen",
        publish_interval=timedelta(milliseconds=20),
    )


@pytest.fixture
async def running(pool: Pool, log: PostgresLog, tmp_path: Path) -> AsyncIterator[RunningLog]:
    settings = settings_in(tmp_path)
    health = Health()
    service = assemble(
        settings,
        pool=pool,
        secrecy=SECRECY,
        keys=[LOG_KEY, LOG_KEY_PQ],
        readers=readers(),
        health=health,
        telemetry=Telemetry(),
    )
    publishing = asyncio.create_task(service.publisher.run())
    transport = httpx.ASGITransport(service.http)
    async with httpx.AsyncClient(transport=transport, base_url="http://audit.test") as client:
        yield RunningLog(
            service,
            client,
            pool,
            settings.tile_folder,
            health,
            Sequencer(secrecy=SECRECY, random_bytes=os.urandom),
        )
    publishing.cancel()
    with suppress(asyncio.CancelledError):
        await publishing
