"""Which answers were meant for a case as it was before it came to its holder again."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

REMEMBERED = 64
"""How many applied ids a custody keeps. An authority may send any number of answers, so there is a limit; a dropped
id does no harm, because the standing alone refuses an effective event a second time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedAgain:
    """A case that ``by`` (an order or an answer) has placed ``at``; ``applied`` are its last ids, the oldest first."""

    by: UUID
    at: datetime
    applied: tuple[UUID, ...]

    def outdates(self, answer: UUID, *, accepted_at: datetime) -> bool:
        """Whether an answer that was accepted then has no effect on the case as it is placed now.

        An id that is not among the applied ones waits for the router, or was dropped where the list is full: then only
        the two instants tell an answer of the time before. They come from two clocks, so the list counts first.
        """
        if answer in self.applied:
            return self.by in self.applied[self.applied.index(answer) :]
        return len(self.applied) >= REMEMBERED and accepted_at < self.at
