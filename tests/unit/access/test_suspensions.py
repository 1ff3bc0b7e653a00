"""At the doors nobody acts for a suspended authority, whoever may act for others."""

import pytest

from shared.access.principal import Principal
from shared.access.suspensions import UnsuspendedPrincipals
from shared.errors import Unavailable
from shared.events.operation import ResumeOrdered, SuspendOrdered
from shared.events.suspension import SuspensionTimes
from tests.support.events import GIESSEN, RECEIVED_AT

MARBURG = "g-06534014"


def _principal(own_id: str, *authorities: str) -> Principal:
    return Principal(
        id=own_id,
        kind="provider",
        name=own_id,
        scopes=frozenset({"inbox.read"}),
        authorities=frozenset(authorities),
        registered_at=RECEIVED_AT,
    )


REGISTERED = {
    each.id: each
    for each in (_principal("ekom21", GIESSEN, MARBURG), _principal(GIESSEN, GIESSEN), _principal("portal"))
}


class Ordered:
    """Suspensions that are read, or not."""

    def __init__(self) -> None:
        self.times: SuspensionTimes | None = SuspensionTimes()

    def now(self) -> SuspensionTimes:
        if self.times is None:
            raise Unavailable("not read")
        return self.times

    def give(self, order: SuspendOrdered | ResumeOrdered) -> None:
        assert self.times is not None
        self.times = self.times.after(order, at=RECEIVED_AT)


def test_a_provider_serves_a_suspended_authority_again_once_it_is_resumed_and_the_others_all_along() -> None:
    ordered = Ordered()
    known = UnsuspendedPrincipals(REGISTERED, ordered)

    def served(principal: str) -> set[str]:
        found = known.get(principal)
        return set() if found is None else {*found.authorities}

    assert served("ekom21") == {GIESSEN, MARBURG}
    ordered.give(SuspendOrdered(authority=GIESSEN, principal="betrieb-3"))
    assert (served("ekom21"), served(GIESSEN)) == ({MARBURG}, set())
    assert known.get("portal") == REGISTERED["portal"]
    assert known.get("nobody") is None
    ordered.give(ResumeOrdered(authority=GIESSEN, principal="betrieb-3"))
    assert served("ekom21") == {GIESSEN, MARBURG}


def test_while_orders_are_unread_nobody_acts_for_an_authority() -> None:
    ordered = Ordered()
    ordered.times = None
    known = UnsuspendedPrincipals(REGISTERED, ordered)
    with pytest.raises(Unavailable):
        known.get(GIESSEN)
    assert known.get("portal") is not None
