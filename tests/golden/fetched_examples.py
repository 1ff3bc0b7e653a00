"""The valid events of the golden files about what authorities have taken out of their inboxes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from shared.events import ids
from shared.events.case import CaseFetched, DeliveryFetched
from shared.events.payload import Payload
from tests.support.events import GIESSEN, RECEIPT, RECEIVED_AT, SUBMISSION_ID

_LATER: Final = RECEIVED_AT + timedelta(days=1)

FETCHED: Final[Mapping[str, Payload]] = {
    "DeliveryFetched/fetched": DeliveryFetched(
        authority=GIESSEN,
        delivery_id=ids.delivery_id(ids.child_id(SUBMISSION_ID, "received")),
        fetched_at=_LATER,
    ),
    "CaseFetched/fetched": CaseFetched(
        receipt=RECEIPT, authority=GIESSEN, routed_at=RECEIPT.received_at, fetched_at=_LATER
    ),
}
