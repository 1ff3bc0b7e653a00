"""How many statutory periods a second of one core: computed alone, and as lines of a batch?

    python benchmarks/deadlines.py

Prints one JSON object; exits with 1 below the limit.
"""

import json
import platform
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from amtsweg.deadline import deadlines
from amtsweg.directory.folder import shipped
from services.notifier.adapters.law_files import open_law
from services.notifier.domain.deadlines.compute import compute
from services.notifier.domain.deadlines.inquiry import read_deadline_inquiry

LIMIT = 20_000
ROUNDS = 100_000


def per_second(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return ROUNDS / (time.process_time() - began)


def main() -> int:
    law = open_law(shipped())
    services = sorted(law.services)
    fields = [
        {
            "id": str(number),
            "service": services[number % len(services)],
            "receivedAt": f"{date(2024, 1, 1) + timedelta(days=number % 1461)}T12:00:00Z",
        }
        for number in range(ROUNDS)
    ]
    inquiries = [read_deadline_inquiry(line) for line in fields]
    computed = per_second(lambda: [compute(inquiry, law) for inquiry in inquiries])
    with TemporaryDirectory() as folder:
        file = Path(folder) / "receipts.jsonl"
        file.write_text("".join(f"{json.dumps(line)}\n" for line in fields))
        lines = per_second(lambda: sum("error" not in found for found in deadlines(file, law)))
    figures = {"computedPerSecond": round(computed), "linesPerSecond": round(lines), "limit": LIMIT}
    print(json.dumps({**figures, "machine": platform.platform(), "python": platform.python_version()}))
    return 0 if min(computed, lines) >= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
