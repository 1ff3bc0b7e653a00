"""The clearing desk's orders, and for which cases they may be given."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeGuard

from services.router.domain.cases.transitions import UNANSWERED, Act, order_refusal_in
from shared.events.case import AssignOrdered, OrderRefusalReason, RedeliverOrdered, RetryOrdered
from shared.events.custody import CaseHeld
from shared.events.envelope import Event
from shared.events.payload import Payload

UNCONFIRMED_AFTER = timedelta(days=20)
"""Ten days before the record in the authority's inbox expires."""

Order = RetryOrdered | RedeliverOrdered | AssignOrdered
_ACTS: Mapping[type[Payload], Act] = {
    RetryOrdered: "retry",
    RedeliverOrdered: "redeliver",
    AssignOrdered: "assign",
}


def is_order(event: Event[Payload]) -> TypeGuard[Event[Order]]:
    """Return whether this is an order of the clearing desk, and narrow its type."""
    return isinstance(event.data, Order)


def is_unconfirmed(custody: CaseHeld, *, now: datetime) -> bool:
    """Whether the authority has had the case for `UNCONFIRMED_AFTER` without any answer."""
    return custody.standing in UNANSWERED and now - custody.since >= UNCONFIRMED_AFTER


def refusal(custody: CaseHeld | None, order: Order, *, now: datetime) -> OrderRefusalReason | None:
    """Why an order about this case has no effect; None if it has.

    The desk may move a routed case only after `UNCONFIRMED_AFTER`; until then its authority has time to answer.
    """
    act = _ACTS[type(order)]
    if custody is None:
        return order_refusal_in("unknown", act)
    in_time = custody.standing in UNANSWERED and not is_unconfirmed(custody, now=now)
    return order_refusal_in("accepted" if in_time else custody.standing, act)
