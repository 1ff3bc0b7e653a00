"""The kinds of failure; ``shared.engine.failure_policy`` says what each one means for a record."""

from shared.events.envelope import Undecodable

__all__ = ["Stopped", "Unavailable", "Undecodable"]


class Unavailable(Exception):  # noqa: N818 - the name of the failure in the project's vocabulary
    """A dependency cannot be reached now; the record is not acknowledged and is tried again."""


class Stopped(Exception):  # noqa: N818 - a state, not a mishap
    """A consumer has stopped on purpose, because going on would do harm; it waits for an operator."""
