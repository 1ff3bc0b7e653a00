"""The valid events of the golden files about what operators order and what becomes of it."""

from collections.abc import Mapping
from typing import Final

from shared.events import ids
from shared.events.operation import (
    CloseCaseOrdered,
    CloseOrdered,
    GoOnOrdered,
    OperationSettled,
    RecordPlace,
    ReplayOrdered,
    ResumeOrdered,
    SuspendOrdered,
)
from shared.events.payload import Payload
from tests.support.events import CASE_ID

_RECORD: Final = RecordPlace(topic="submission.received.v1", partition=3, offset=17)
_ORDER_ID: Final = ids.order_id(CASE_ID, "betrieb-3", "1", "replay")

OPERATIONS_AND_OUTCOMES: Final[Mapping[str, Payload]] = {
    "ReplayOrdered/full": ReplayOrdered(group="router", record=_RECORD, principal="betrieb-3"),
    "CloseOrdered/full": CloseOrdered(
        group="notifier", record=_RECORD, reason="obsolete", principal="betrieb-3"
    ),
    "CloseCaseOrdered/full": CloseCaseOrdered(
        group="notifier", case=CASE_ID, reason="expired", principal="betrieb-3"
    ),
    "GoOnOrdered/full": GoOnOrdered(group="audit", principal="betrieb-3"),
    "SuspendOrdered/full": SuspendOrdered(authority="g-06531005", principal="betrieb-3"),
    "ResumeOrdered/full": ResumeOrdered(authority="g-06531005", principal="betrieb-3"),
    "OperationSettled/minimal": OperationSettled(group="audit", order_id=_ORDER_ID, outcome="going-on"),
    "OperationSettled/full": OperationSettled(
        group="router",
        order_id=_ORDER_ID,
        outcome="not-its-turn",
        record=_RECORD,
        case=CASE_ID,
        before=RecordPlace(topic="case.answered.v1", partition=3, offset=4),
        letters=0,
    ),
}
