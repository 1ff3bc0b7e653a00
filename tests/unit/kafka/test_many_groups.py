"""Which groups have members: whoever leaves many behind makes no answer longer."""

from types import SimpleNamespace
from typing import Any, cast

from aiokafka.admin import AIOKafkaAdminClient

from shared.kafka.group_requests import ListedGroups, ListedGroupsStruct
from shared.kafka.many_groups import ManyGroups


class Broker:
    """Answers as a broker does: with the groups that are in one of the states asked for, or in any if none is named."""

    def __init__(self, **groups: str) -> None:
        self._groups = groups
        self.told = 0
        self._client = SimpleNamespace(
            cluster=SimpleNamespace(brokers=lambda: [SimpleNamespace(nodeId=1)]),
        )

    async def _send_request(self, request: ListedGroups, _: int) -> Any:
        states = request.build(ListedGroupsStruct).states_filter
        told: list[Any] = [
            (name, "consumer", state, {})
            for name, state in self._groups.items()
            if state in states or not states
        ]
        self.told += len(told)
        return SimpleNamespace(error_code=0, groups=told)


async def test_a_broker_tells_nothing_of_groups_without_members() -> None:
    left = {f"left-{number}": ("Empty", "Dead")[number % 2] for number in range(1000)}
    broker = Broker(**left, classic="Stable", joining="PreparingRebalance", new="Reconciling")

    found = await ManyGroups(cast("AIOKafkaAdminClient", broker)).with_members()

    assert found == {"classic", "joining", "new"}
    assert broker.told == 3
