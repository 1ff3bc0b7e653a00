"""Delivery reports about mails to simulated recipients, as if a mail server had sent them."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from services.notifier.adapters.bounces import NoteReport
from services.notifier.domain.bounces import DeliveryReport
from services.notifier.ports import StoreAway
from shared.backoff import Backoff


class SimulatedReports:
    """The `DeliveryReports`: each is written as soon as the one before is. A crash loses those that wait, as mails get lost."""

    def __init__(self, note: NoteReport) -> None:
        self._note = note
        self._waiting: set[asyncio.Task[None]] = set()

    def follow(self, message: UUID, reports: Sequence[DeliveryReport]) -> None:
        task = asyncio.create_task(self._write(message, reports))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def run(self) -> None:
        """Stand by until cancelled; then what waits is given up."""
        try:
            await asyncio.Event().wait()
        finally:
            for task in self._waiting:
                task.cancel()
            await asyncio.gather(*self._waiting, return_exceptions=True)

    async def _write(self, message: UUID, reports: Sequence[DeliveryReport]) -> None:
        for report in reports:
            pause = Backoff()
            while True:
                try:
                    await self._note(message, report)
                    break
                except StoreAway:
                    await pause.sleep()
