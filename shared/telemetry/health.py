"""Whether this process lives, and whether it does its work now; asked over HTTP by operators."""

from typing import Literal

HealthStatus = Literal["starting", "ready", "degraded", "unready", "failed"]


class Condition:
    """The condition of one part of a process; the part sets it, ``Health`` shows it."""

    def __init__(self) -> None:
        self.standing: HealthStatus = "starting"
        self.reason = ""

    def set(self, standing: HealthStatus, *, reason: str = "") -> None:
        """``degraded`` still works, ``unready`` waits for something, ``failed`` needs a restart."""
        self.standing, self.reason = standing, reason


class Health:
    """All parts' conditions. Ready when each works; alive unless one has failed for good."""

    def __init__(self) -> None:
        self._parts: dict[str, Condition] = {}

    def part(self, name: str) -> Condition:
        """The condition of the part with this name, made when first asked for."""
        return self._parts.setdefault(name, Condition())

    @property
    def live(self) -> bool:
        """False when only a restart helps."""
        return all(part.standing != "failed" for part in self._parts.values())

    @property
    def ready(self) -> bool:
        """True when every part works, even if one of them is degraded."""
        return all(part.standing in {"ready", "degraded"} for part in self._parts.values())

    def report(self) -> dict[str, dict[str, str]]:
        """Standing and reason of each part."""
        return {
            name: {"standing": part.standing, "reason": part.reason} for name, part in self._parts.items()
        }
