"""What does it cost a router to follow the directory: for each decision, and at its start after years of changes?

    python benchmarks/following.py [--write]

Prints one JSON object; following.json beside this file is the baseline of the machine it names.
"""

import asyncio
import sys
import time
from datetime import UTC, date, datetime, timedelta

from amtsweg.directory.folder import shipped
from amtsweg.directory.proposal import first
from benchmarks.resolve import lines, seconds
from benchmarks.support.surroundings import tell_limits
from services.router.adapters.directory_topic import FollowedDirectories
from services.router.domain.decision.inquiry import read_inquiry
from services.router.domain.directory.changeset import difference
from services.router.domain.directory.versions import Versions
from shared.events.directory import DirectoryChanged
from shared.kafka.client import KafkaAddress
from shared.telemetry.health import Condition
from shared.telemetry.metrics import Telemetry

LIMITS = {"decisionsPerSecond": 50_000, "lookupMicroseconds": 2.0, "replaySeconds": 2.0}
"""At least that many decisions; at most that much of the rest."""

CHANGES = 100
NOW = datetime.now(UTC)


def years_of_changes() -> list[bytes]:
    """The first version of Hessen and a hundred changes, as they lie on the topic."""
    versions = Versions().followed_by(first(shipped(), now=NOW), recorded_at=NOW)
    for number in range(CHANGES):
        newest = versions.newest
        names = newest.tables["names"] + f"06531005,Ort {number},erfunden\n"
        change = difference(
            newest.tables,
            {**newest.tables, "names": names},
            land="06",
            name="Hessen",
            effective_from=NOW + timedelta(hours=number + 1),
            reason="erfunden",
            provenance=newest.provenance,
        )
        versions = versions.followed_by(change, recorded_at=NOW)
    return [version.change.to_json() for version in versions.published]


def replayed(records: list[bytes]) -> Versions:
    """What a router makes of them at its start."""
    versions = Versions()
    for record in records:
        versions = versions.followed_by(DirectoryChanged.from_json(record), recorded_at=NOW)
    return versions


def following(versions: Versions) -> FollowedDirectories:
    """A router's view that knows these versions and no Kafka."""
    directories = FollowedDirectories(
        KafkaAddress(bootstrap="nowhere"),
        condition=Condition(),
        telemetry=Telemetry(),
        fresh=timedelta(hours=1),
    )
    asyncio.run(directories.know(versions, asked=time.monotonic(), now=NOW))
    return directories


def measure() -> dict[str, float]:
    """Every figure, by name."""
    records = years_of_changes()
    replay = seconds(lambda: replayed(records))
    directories = following(replayed(records[:2]))
    asked = [
        read_inquiry(fields, today=date(2026, 1, 1))
        for fields in lines(directories.at(NOW).directory, count=20_000)
    ]

    def look_up() -> None:
        for _ in asked:
            directories.at(NOW)

    def decide() -> None:
        for inquiry in asked:
            directories.at(NOW).resolve(inquiry)

    decide()
    return {
        "decisionsPerSecond": round(len(asked) / min(seconds(decide) for _ in range(5))),
        "lookupMicroseconds": round(1e6 * min(seconds(look_up) for _ in range(5)) / len(asked), 2),
        "replaySeconds": round(replay, 2),
    }


def main() -> None:
    held = tell_limits(__file__, measure(), LIMITS, at_least=("decisionsPerSecond",))
    sys.exit(not held)


if __name__ == "__main__":
    main()
