"""A dead letter as the console shows it: what failed and why, never its content."""

from dataclasses import dataclass

from shared.events.operation import RecordPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLetter:
    """An unsettled dead letter.

    ``name`` is its group and its offset there; ``length`` is that of the record's value in bytes, -1 without a value.
    """

    name: str
    group: str
    place: RecordPlace
    kind: str
    reason: str
    attempts: int
    since_ms: int
    length: int
    digest: str
    case: str | None
    software: str
