"""What the fields of a payload mean: JSON Schemas by the type of event, enclosed in every evidence file."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from services.audit.domain.access_log import Looked, LookRefused, LooksExpired, PayloadErased
from services.audit.domain.daily_statement import DayStated
from services.audit.domain.evaluation import EvaluationApproved, EvaluationRequested
from services.audit.domain.shard import ShardOpened
from shared.events.envelope import event_type
from shared.events.payload import Payload
from shared.events.topics import audited


@cache
def payload_schemas() -> Mapping[str, Any]:
    """The schemas of all that can stand in the log, as their authors state them."""
    return {event_type(payload): payload.model_json_schema(mode="serialization") for payload in _payloads()}


_OWN: tuple[type[Payload], ...] = (
    Looked,
    LookRefused,
    EvaluationRequested,
    EvaluationApproved,
    PayloadErased,
    LooksExpired,
    DayStated,
    ShardOpened,
)

ABOUT_THE_LOG = tuple(map(event_type, _OWN))
"""Types of events that the audit service itself reports."""


def _payloads() -> Iterable[type[Payload]]:
    yield from (payload for topic in audited() for payload in topic.payloads)
    yield from _OWN
