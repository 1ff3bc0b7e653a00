"""The metadata request with topic ids, which aiokafka does not speak."""
# mypy: disallow-subclassing-any=False

from collections.abc import Sequence
from typing import Any, Final

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    Int16,
    Int32,
    Int64,
    Schema,
)

from shared.kafka.flexible_fields import TAGS, TEXT

_ID = (("id_high", Int64), ("id_low", Int64))
_BROKERS = CompactArray(("node_id", Int32), ("host", TEXT), ("port", Int32), ("rack", TEXT), TAGS)
_NO_ID: Final = 0


class DescribedTopicsResponse(Response):
    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", _BROKERS),
        ("cluster_id", TEXT),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("name", TEXT),
                *_ID,
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("in_sync", CompactArray(Int32)),
                        ("offline", CompactArray(Int32)),
                        TAGS,
                    ),
                ),
                ("authorized_operations", Int32),
                TAGS,
            ),
        ),
        TAGS,
    )


class DescribeTopicsStruct(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 12
    RESPONSE_TYPE = DescribedTopicsResponse
    SCHEMA = Schema(
        ("topics", CompactArray(*_ID, ("name", TEXT), TAGS)),
        ("allow_auto_topic_creation", Boolean),
        ("include_authorized_operations", Boolean),
        TAGS,
    )


class DescribeTopics(Request[DescribeTopicsStruct]):
    """Id and replicas of each topic."""

    API_KEY = 3

    def __init__(self, topics: Sequence[str]) -> None:
        self._topics: list[Any] = [(_NO_ID, _NO_ID, topic, {}) for topic in topics]

    def build(self, request_struct_class: type[DescribeTopicsStruct]) -> DescribeTopicsStruct:
        return request_struct_class(self._topics, False, False, {})  # noqa: FBT003 - Kafka's own order
