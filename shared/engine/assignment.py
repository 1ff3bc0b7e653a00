"""Assignment of partitions: those with the same number together, or all to one member while others stand by."""

from collections.abc import Iterable, Mapping
from typing import Final

from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import (
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
)
from aiokafka.structs import TopicPartition

Unit = frozenset[TopicPartition]
"""Partitions that one task reads."""

EVERYTHING: Final = -1
"""The number of the unit that holds all partitions."""


class SoleAssignor(AbstractPartitionAssignor):  # type: ignore[misc] # aiokafka has no types
    """Gives every partition to the first member by id; static members' ids begin with their ordinal."""

    name = "amtsweg-sole"
    version = 0

    @classmethod
    def assign(
        cls, cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        """Return the assignment of each member; all but one get nothing."""
        chosen = min(members)
        topics = sorted(
            (topic, sorted(cluster.partitions_for_topic(topic) or ()))
            for topic in members[chosen].subscription
        )
        return {
            member: ConsumerProtocolMemberAssignment(cls.version, topics if member == chosen else [], b"")
            for member in members
        }

    @classmethod
    def metadata(cls, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
        """What a member says when it joins."""
        return ConsumerProtocolMemberMetadata(cls.version, list(topics), b"")

    @classmethod
    def on_assignment(cls, assignment: ConsumerProtocolMemberAssignment) -> None:
        """Keep nothing: the next assignment does not depend on this one."""


def by_number(assigned: Iterable[TopicPartition], *, topics: Iterable[str]) -> dict[int, Unit]:
    """Units of co-partitioned topics: partition 3 of each topic is unit 3.

    Raises:
        ValueError: a unit lacks a topic, because partition counts differ or members subscribe to different
            topics; two members would then write the state of one case.
    """
    wanted = frozenset(topics)
    units: dict[int, set[TopicPartition]] = {}
    for tp in assigned:
        units.setdefault(tp.partition, set()).add(tp)
    for number, unit in units.items():
        if missing := wanted - {tp.topic for tp in unit}:
            raise ValueError(f"partition {number}: not assigned together with {', '.join(sorted(missing))}")
    return {number: frozenset(unit) for number, unit in units.items()}


def all_in_one(assigned: Iterable[TopicPartition]) -> dict[int, Unit]:
    """One unit of everything, or none for a member that stands by."""
    unit = frozenset(assigned)
    return {EVERYTHING: unit} if unit else {}
