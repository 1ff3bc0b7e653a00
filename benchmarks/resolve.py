"""How many decisions a second, how fast a batch, how long to load and to check; does size matter?

    python benchmarks/resolve.py [--write]

Prints one JSON object; resolve.json beside this file is the baseline of the machine it names.
"""

import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from amtsweg.directory.exhaustive_check import check
from amtsweg.directory.folder import shipped
from benchmarks.support.surroundings import tell_limits
from services.router.adapters.directory_files import load
from services.router.domain.decision.inquiry import read_inquiry
from services.router.domain.decision.resolver import Resolver
from services.router.domain.directory.model import Directory

LIMITS = {
    "decisionsPerSecond": 50_000,
    "batch100kSeconds": 10,
    "loadSeconds": 0.5,
    "loadMegabytes": 100,
    "checkSeconds": 60,
}
"""At least that many decisions; at most that much of the rest."""

LINES = 100_000


def lines(directory: Directory, *, count: int, seed: int = 4) -> Iterator[dict[str, str]]:
    """Mixed inquiries: full and shortened keys, postcodes with and without town, all services, ten years."""
    chance = random.Random(seed)
    areas, services, postcodes = (
        sorted(found) for found in (directory.areas, directory.competences, directory.postcodes)
    )
    towns = {pair.ags: postcode for postcode in postcodes for pair in directory.postcodes[postcode]}
    for _ in range(count):
        area = directory.areas[chance.choice(areas)]
        place = chance.choices(
            (
                {"ags": area.ags},
                {"ars": area.ars},
                {"ars": area.ars[: chance.choice((5, 9))]},
                {"plz": chance.choice(postcodes)},
                {"plz": towns.get(area.ags, postcodes[0]), "town": area.name},
            ),
            weights=(30, 25, 5, 20, 20),
        )[0]
        on = date(2017, 6, 1) + timedelta(days=chance.randrange(3650))
        yield {"service": chance.choice(services), **place, "on": on.isoformat()}


def seconds(act: Callable[[], object]) -> float:
    """The processor time of one call."""
    begin = time.process_time()
    act()
    return time.process_time() - begin


def rate(directory: Directory, *, inquiries: list[dict[str, str]]) -> float:
    """Decisions a second of processor time: the median of five rounds after one to warm up."""
    resolver = Resolver(directory)
    asked = [read_inquiry(fields, today=date(2026, 1, 1)) for fields in inquiries]

    def round_of_decisions() -> None:
        for inquiry in asked:
            resolver.resolve(inquiry)

    round_of_decisions()
    return len(asked) / median(seconds(round_of_decisions) for _ in range(5))


def batch_seconds(directory: Directory) -> float:
    """Wall time of the whole command, process start included."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "batch.jsonl"
        file.write_text(
            "".join(f"{json.dumps(line)}\n" for line in lines(directory, count=LINES)), encoding="utf-8"
        )
        begin = time.perf_counter()
        command: list[str | Path] = [
            Path(sys.executable).with_name("amtsweg"),
            "resolve",
            "--offline",
            "--batch",
            file,
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - begin


def megabytes() -> float:
    """The most memory that this process has ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure() -> dict[str, float]:
    """Every figure, by name."""
    before = megabytes()
    load_seconds = seconds(lambda: load(shipped()))
    directory = load(shipped())
    loaded = megabytes()
    mixed = list(lines(directory, count=20_000))
    district = [{"service": line["service"], "ars": "06531", "on": line["on"]} for line in mixed[:2_000]]
    land = [{"service": "99041006017000", "ars": "06", "on": line["on"]} for line in mixed[:2_000]]
    return {
        "decisionsPerSecond": round(rate(directory, inquiries=mixed)),
        "decisionsPerSecondOneDistrict": round(rate(directory, inquiries=district)),
        "decisionsPerSecondWholeLand": round(rate(directory, inquiries=land)),
        "batch100kSeconds": round(batch_seconds(directory), 2),
        "loadSeconds": round(load_seconds, 3),
        "loadMegabytes": round(loaded - before, 1),
        "checkSeconds": round(seconds(lambda: check(directory)), 2),
    }


def main() -> None:
    held = tell_limits(__file__, measure(), LIMITS, at_least=("decisionsPerSecond",))
    sys.exit(not held)


if __name__ == "__main__":
    main()
