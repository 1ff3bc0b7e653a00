"""Suspensions as the timekeeper asks for them: with the instant up to which they are known, or not at all."""

from datetime import datetime

from shared.access.suspensions import FollowedSuspensions
from shared.errors import Unavailable
from shared.events.suspension import SuspensionTimes


class SuspensionOrders:
    """The `SuspensionsRead` over the orders that this process follows."""

    def __init__(self, followed: FollowedSuspensions) -> None:
        self._followed = followed

    def known(self) -> tuple[SuspensionTimes, datetime] | None:
        try:
            times = self._followed.now()
        except Unavailable:
            return None
        read_to = self._followed.read_to
        return None if read_to is None else (times, read_to)
