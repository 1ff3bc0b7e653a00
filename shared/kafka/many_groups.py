"""The positions of hundreds of groups, and which of them have members: a request for each broker, not for each group."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    KafkaError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)

from shared.kafka.group_requests import FindCoordinators, ListedGroups, OffsetsOfGroups

_AT_ONCE: Final = 1000
_NO_SUCH_TOPIC: Final = frozenset({TopicAuthorizationFailedError.errno, UnknownTopicOrPartitionError.errno})
"""To a login that may not see it, a topic that is missing is one that is refused."""

_WITH_MEMBERS: Final = ("PreparingRebalance", "CompletingRebalance", "Stable", "Assigning", "Reconciling")
"""States of the old and the new protocol. An authority can leave as many groups without members behind as it likes."""


class ManyGroups:
    """Asks through a client that the caller keeps open. All of it raises ``KafkaError``."""

    def __init__(self, admin: AIOKafkaAdminClient) -> None:
        self._admin = admin
        self._brokers: dict[str, int] = {}

    async def committed(self, topics: Mapping[str, str]) -> dict[str, int]:
        """What each group has committed on partition 0 of its topic; one that has not, or whose topic is not there, is left out."""
        try:
            return await self._committed(topics)
        except KafkaError:
            self._brokers.clear()  # another broker may keep the groups now
            return await self._committed(topics)

    async def with_members(self) -> frozenset[str]:
        """The groups that somebody is a member of, as far as we may see them."""
        brokers = [broker.nodeId for broker in self._admin._client.cluster.brokers()]  # noqa: SLF001 - it has no public way to name a broker
        answers = await asyncio.gather(
            *(self._send(broker, ListedGroups([*_WITH_MEMBERS])) for broker in brokers)
        )
        found: set[str] = set()
        for answer in answers:
            _check(answer.error_code)
            found.update(group[0] for group in answer.groups)
        return frozenset(found)

    async def _committed(self, topics: Mapping[str, str]) -> dict[str, int]:
        by_broker = await self._by_broker(list(topics))
        answers = await asyncio.gather(
            *(
                self._send(broker, OffsetsOfGroups([(group, topics[group]) for group in chunk]))
                for broker, groups in by_broker.items()
                for chunk in _chunks(groups)
            )
        )
        found = {}
        for answer in answers:
            for group, asked, code, _ in answer.groups:
                _check(code)
                for _, partitions, _ in asked:
                    for _, offset, _, _, partition_code, _ in partitions:
                        if partition_code in _NO_SUCH_TOPIC:
                            continue  # what is missing of one group takes nothing from the others
                        _check(partition_code)
                        if offset >= 0:
                            found[group] = offset
        return found

    async def _by_broker(self, groups: Sequence[str]) -> dict[int, list[str]]:
        unknown = [group for group in groups if group not in self._brokers]
        for chunk in _chunks(unknown):
            answer = await self._send(None, FindCoordinators(chunk))
            for group, broker, _, _, code, _, _ in answer.coordinators:
                _check(code)
                self._brokers[group] = broker
        found: defaultdict[int, list[str]] = defaultdict(list)
        for group in groups:
            found[self._brokers[group]].append(group)
        return found

    async def _send(self, broker: int | None, request: Any) -> Any:
        return await self._admin._send_request(request, broker)  # noqa: SLF001 - as above


def _check(code: int) -> None:
    if code:
        raise for_code(code)


def _chunks(groups: Sequence[str]) -> list[list[str]]:
    return [list(groups[start : start + _AT_ONCE]) for start in range(0, len(groups), _AT_ONCE)]
