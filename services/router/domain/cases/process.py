"""The state of one of our processes, as the console shows it: its health, its backlogs, or that it does not answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

WORST_FIRST: Final = ("unreachable", "failed", "unready", "starting", "degraded", "ready")


@dataclass(frozen=True, slots=True, kw_only=True)
class AilingPart:
    """A part of a process that is not ``ready``."""

    name: str
    standing: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Records that a group has not consumed yet."""

    group: str
    topic: str
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessReport:
    """``standing`` is that of its worst part, or ``unreachable``; ``backlogs`` are only those with records."""

    name: str
    standing: str
    ailing: Sequence[AilingPart] = ()
    backlogs: Sequence[Backlog] = ()


def process_report(
    name: str, *, health: Mapping[str, Mapping[str, str]], backlogs: Iterable[Backlog]
) -> ProcessReport:
    """The report from a process's health document and backlogs; of parts that stand as they should nothing is told."""
    ailing = [
        AilingPart(name=part, standing=said.get("standing", "failed"), reason=said.get("reason", ""))
        for part, said in health.items()
        if said.get("standing") != "ready"
    ]
    return ProcessReport(
        name=name,
        standing=min((part.standing for part in ailing), key=_rank, default="ready"),
        ailing=ailing,
        backlogs=[each for each in backlogs if each.records > 0],
    )


def _rank(standing: str) -> int:
    return WORST_FIRST.index(standing) if standing in WORST_FIRST else 0
