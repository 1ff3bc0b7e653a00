"""Environment in, process running."""

import asyncio
import sys

import uvloop

from services.audit.app import build
from services.audit.settings import Settings
from shared.runtime import logs, service


def main() -> int:
    """Run until told to stop; 0 when that was asked for."""
    settings = Settings()
    logs.configure("audit", level=settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(settings))


async def _run(settings: Settings) -> int:
    async with build(settings) as parts:
        return await service.run(parts)


if __name__ == "__main__":
    sys.exit(main())
