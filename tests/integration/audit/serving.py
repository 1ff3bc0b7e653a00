"""The audit service on a port of its own, for those who are not Python: a browser, curl."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from shared.web.app import HttpServer
from tests.integration.audit.conftest import RunningLog


@asynccontextmanager
async def served(running: RunningLog) -> AsyncIterator[str]:
    """Listen while the block runs; its base URL."""
    server = HttpServer(running.service.http, host="127.0.0.1", port=0, health=running.health)
    serving = asyncio.create_task(server.run())
    await server.started.wait()
    try:
        yield server.url
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
