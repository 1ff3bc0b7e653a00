"""How a process of ours does, as the console shows it: what its health and its metrics say, and what has come of asking."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

WORST_FIRST: Final = ("unreachable", "failed", "unready", "starting", "degraded", "ready")


@dataclass(frozen=True, slots=True, kw_only=True)
class AilingPart:
    """A part of a process that does not simply work."""

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
    """``standing`` is that of its worst part, or ``unreachable``; ``backlogs`` leave out what is at its end."""

    name: str
    standing: str
    ailing: Sequence[AilingPart] = ()
    backlogs: Sequence[Backlog] = ()


def process_report(
    name: str, *, health: Mapping[str, Mapping[str, str]], backlogs: Iterable[Backlog]
) -> ProcessReport:
    """What the process has told of itself."""
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
