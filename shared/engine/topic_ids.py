"""Detects a topic that was deleted and created again: stored offsets of the old one are meaningless for the new one.

Topic ids are stored with the offsets. If they differ, the group stops until an operator orders it to resume; then it
reads the new topic from its beginning. Likewise it stops where a part of its state cannot be read.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final
from uuid import UUID

from shared.errors import Stopped
from shared.kafka.described_topics import DescribedCluster, show_copies, watch_ids
from shared.telemetry.health import Condition

_EVERY_SECONDS: Final = 15.0
_FRESH_SECONDS: Final = 2.0
"""All units of a session open at once; one answer of Kafka serves them all."""


class TopicIds:
    """The current ids of a group's topics, and what an operator has accepted: changed ids, and lost states."""

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
        self._unread: set[str] = set()
        self._left_out: set[str] = set()
        self.now: Mapping[str, UUID] = {}

    async def refresh(self) -> None:
        """Ask Kafka for the ids, unless it was asked within the last seconds.

        Raises:
            Unavailable: no broker has answered.
        """
        async with self._lock:
            if time.monotonic() - self._asked > min(_FRESH_SECONDS, self._every_seconds):
                cluster = await self._ask()
                show_copies(cluster, self._copies)
                self.now, self._asked = cluster.ids, time.monotonic()

    async def watch(self) -> None:
        """End the session when the id of a topic changes; the next one compares it with the stored id.

        Raises:
            Unavailable: a topic was deleted and created again.
        """
        await watch_ids(self._refreshed, every_seconds=self._every_seconds)

    async def _refreshed(self) -> Mapping[str, UUID]:
        await self.refresh()
        return self.now

    def anew(self, stored: Mapping[str, UUID]) -> frozenset[str]:
        """The topics whose id differs from the stored one and was accepted; they are read from their beginning.

        Raises:
            Stopped: the id of a topic differs, and no operator has accepted that.
        """
        changed = {topic: now for topic, now in self.now.items() if stored.get(topic, now) != now}
        refused = {topic: now for topic, now in changed.items() if self._accepted.get(topic) != now}
        if refused:
            self._refused |= refused
            raise Stopped(
                f"{', '.join(sorted(refused))}: deleted and created anew, so it is not known which records were lost; "
                f"restore the topic, or order `amtsweg dead-letters go-on {self._group}` to read it from its beginning"
            )
        return frozenset(changed)

    def leave_out(self, places: Collection[str]) -> None:
        """Go on without the states that lie in these places.

        Raises:
            Stopped: no operator has accepted that.
        """
        if refused := set(places) - self._left_out:
            self._unread |= refused
            raise Stopped(
                f"{'; '.join(sorted(refused))}: the states there are lost, unless another copy of the partition is whole; "
                f"make its broker the leader, or order `amtsweg dead-letters go-on {self._group}` to go on without them"
            )

    def go_on(self) -> None:
        """Accept the new topics and the lost states: an operator has ordered the group to resume."""
        self._left_out |= self._unread
        self._unread.clear()
        self._accepted |= self._refused
        self._refused.clear()
