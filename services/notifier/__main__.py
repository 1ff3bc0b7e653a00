"""Environment in, process running."""

import asyncio
import sys

import structlog
import uvloop

from services.notifier.adapters.postgres import MIGRATIONS, SCHEMA
from services.notifier.app import build
from services.notifier.settings import Settings
from shared.runtime import logs, migrations, postgres, service
from shared.runtime.errors import Unavailable
from shared.runtime.settings import read_secret


def main() -> int:
    """Run until told to stop; 0 when that was asked for."""
    settings = Settings()
    logs.configure("notifier", level=settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(settings))


async def _run(settings: Settings) -> int:
    store = settings.postgres
    password = read_secret(store.password_file) if store.password_file else None
    try:
        await migrations.upgrade(store.url, schema=SCHEMA, folder=MIGRATIONS, password=password)
        pool = await postgres.open_pool(store.url, schema=SCHEMA, password=password, size=store.pool_size)
    except Unavailable as away:
        structlog.get_logger().error("not started", error=away)
        return 1
    try:
        return await service.run(build(settings, pool))
    finally:
        pool.terminate()  # every part has ended: nobody uses a connection any more


if __name__ == "__main__":
    sys.exit(main())
