"""The words for what can go wrong; what each one means for a record stands in ``failures``."""

from shared.events.envelope import Undecodable

__all__ = ["Stopped", "Unavailable", "Undecodable"]


class Unavailable(Exception):  # noqa: N818 - the name of the failure in the project's vocabulary
    """Something that is needed cannot be reached now; the record is not acknowledged and is tried again."""


class Stopped(Exception):  # noqa: N818 - a state, not a mishap
    """A consumer has stopped on purpose and waits for a person: going on would do harm."""
