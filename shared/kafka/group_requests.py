"""Requests about many groups at once, which aiokafka does not speak: two years' worth of Kafka takes one for all."""
# mypy: disallow-subclassing-any=False

from typing import Any

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    Int8,
    Int16,
    Int32,
    Int64,
    Schema,
)

from shared.kafka.flexible_fields import TAGS, TEXT


class FindCoordinatorsResponse(Response):
    API_KEY = 10
    API_VERSION = 4
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "coordinators",
            CompactArray(
                ("key", TEXT),
                ("node_id", Int32),
                ("host", TEXT),
                ("port", Int32),
                ("error_code", Int16),
                ("error_message", TEXT),
                TAGS,
            ),
        ),
        TAGS,
    )


class FindCoordinatorsStruct(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 10
    API_VERSION = 4
    RESPONSE_TYPE = FindCoordinatorsResponse
    SCHEMA = Schema(("key_type", Int8), ("coordinator_keys", CompactArray(TEXT)), TAGS)


class FindCoordinators(Request[FindCoordinatorsStruct]):
    """Which broker keeps each group."""

    API_KEY = 10

    def __init__(self, groups: list[str]) -> None:
        self._groups = groups

    def build(self, request_struct_class: type[FindCoordinatorsStruct]) -> FindCoordinatorsStruct:
        return request_struct_class(0, self._groups, {})


class OffsetsOfGroupsResponse(Response):
    API_KEY = 9
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "groups",
            CompactArray(
                ("group_id", TEXT),
                (
                    "topics",
                    CompactArray(
                        ("name", TEXT),
                        (
                            "partitions",
                            CompactArray(
                                ("partition_index", Int32),
                                ("committed_offset", Int64),
                                ("committed_leader_epoch", Int32),
                                ("metadata", TEXT),
                                ("error_code", Int16),
                                TAGS,
                            ),
                        ),
                        TAGS,
                    ),
                ),
                ("error_code", Int16),
                TAGS,
            ),
        ),
        TAGS,
    )


class OffsetsOfGroupsStruct(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 9
    API_VERSION = 8
    RESPONSE_TYPE = OffsetsOfGroupsResponse
    SCHEMA = Schema(
        (
            "groups",
            CompactArray(
                ("group_id", TEXT),
                (
                    "topics",
                    CompactArray(("name", TEXT), ("partition_indexes", CompactArray(Int32)), TAGS),
                ),
                TAGS,
            ),
        ),
        ("require_stable", Boolean),
        TAGS,
    )


class OffsetsOfGroups(Request[OffsetsOfGroupsStruct]):
    """What each group has committed on one topic."""

    API_KEY = 9

    def __init__(self, groups: list[tuple[str, str]]) -> None:
        self._groups: list[Any] = [(group, [(topic, [0], {})], {}) for group, topic in groups]

    def build(self, request_struct_class: type[OffsetsOfGroupsStruct]) -> OffsetsOfGroupsStruct:
        return request_struct_class(self._groups, False, {})  # noqa: FBT003 - Kafka's own order


class ListedGroupsResponse(Response):
    API_KEY = 16
    API_VERSION = 4
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        (
            "groups",
            CompactArray(("group_id", TEXT), ("protocol_type", TEXT), ("group_state", TEXT), TAGS),
        ),
        TAGS,
    )


class ListedGroupsStruct(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 16
    API_VERSION = 4
    RESPONSE_TYPE = ListedGroupsResponse
    SCHEMA = Schema(("states_filter", CompactArray(TEXT)), TAGS)


class ListedGroups(Request[ListedGroupsStruct]):
    """The groups of one broker in these states, of the old and of the new protocol."""

    API_KEY = 16

    def __init__(self, states: list[str]) -> None:
        self._states = states

    def build(self, request_struct_class: type[ListedGroupsStruct]) -> ListedGroupsStruct:
        return request_struct_class(self._states, {})
