"""A topic that was deleted and created again: offsets and effects of the old one say nothing about it.

Ids of topics are stored with what has been read of them. Where they differ, the group stops until a person says that it
goes on; then it reads the new topic from its beginning.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final
from uuid import UUID

from shared.errors import Stopped, Unavailable
from shared.kafka.described_topics import DescribedCluster, show_copies
from shared.telemetry.health import Condition

_EVERY_SECONDS: Final = 15.0
_FRESH_SECONDS: Final = 2.0
"""All units of a session open at once; Kafka is asked for them together."""


class TopicIds:
    """The ids of a group's topics as Kafka tells them now, and what a person has accepted."""

    def __init__(
        self,
        ask: Callable[[], Awaitable[DescribedCluster]],
        *,
        group: str,
        copies: Condition,
        every_seconds: float = _EVERY_SECONDS,
    ) -> None:
        self._ask = ask
        self._every_seconds = every_seconds
        self._group = group
        self._copies = copies
        self._lock = asyncio.Lock()
        self._asked = float("-inf")
        self._refused: dict[str, UUID] = {}
        self._accepted: dict[str, UUID] = {}
        self.now: Mapping[str, UUID] = {}

    async def refresh(self) -> None:
        """Ask Kafka, unless it has just been asked.

        Raises:
            Unavailable: no broker has answered.
        """
        async with self._lock:
            if time.monotonic() - self._asked > min(_FRESH_SECONDS, self._every_seconds):
                cluster = await self._ask()
                show_copies(cluster, self._copies)
                self.now, self._asked = cluster.ids, time.monotonic()

    async def watch(self) -> None:
        """End the session when a topic is no longer the one that it began with; what is stored decides then.

        Raises:
            Unavailable: a topic has been created anew.
        """
        began = dict[str, UUID]()
        while True:
            with suppress(
                Unavailable
            ):  # an outage is noticed by whoever reads; it says nothing about the topics
                await self.refresh()
            began = {**self.now, **began}
            if changed := [topic for topic, now in self.now.items() if began[topic] != now]:
                raise Unavailable(f"{', '.join(sorted(changed))}: created anew while it was read")
            await asyncio.sleep(self._every_seconds)

    def anew(self, stored: Mapping[str, UUID]) -> frozenset[str]:
        """The topics that are others than those stored, and accepted: they are read from their beginning.

        Raises:
            Stopped: a topic is another, and no person has accepted that.
        """
        changed = {topic: now for topic, now in self.now.items() if stored.get(topic, now) != now}
        refused = {topic: now for topic, now in changed.items() if self._accepted.get(topic) != now}
        if refused:
            self._refused |= refused
            raise Stopped(
                f"{', '.join(sorted(refused))}: deleted and created anew, so that nothing tells what was lost; bring the "
                f"topic back, or order `amtsweg dead-letters go-on {self._group}` to read it from its beginning"
            )
        return frozenset(changed)

    def go_on(self) -> None:
        """A person has looked and takes the new topics for the old ones."""
        self._accepted |= self._refused
        self._refused.clear()
