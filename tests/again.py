"""Run the few tests on real parts that just failed once more, alone; whoever passes only then is named as unstable.

A machine that is busy for a moment shall not refuse a change, and nobody shall overlook a test that needs luck.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

LAST_FAILED: Final = Path(".pytest_cache/v/cache/lastfailed")
ON_REAL_PARTS: Final = ("tests/e2e/", "tests/integration/")
FEW: Final = 3


def main() -> int:
    """Exit 0 only if what failed was few, on real parts, and passes now."""
    failed = sorted(json.loads(LAST_FAILED.read_text(encoding="utf-8"))) if LAST_FAILED.exists() else []
    if not 0 < len(failed) <= FEW or not all(name.startswith(ON_REAL_PARTS) for name in failed):
        return 1
    _say("once more, alone:", failed)
    code = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--numprocesses", "0", *failed], check=False
    ).returncode
    if code == 0:
        _say("UNSTABLE, passed only the second time:", failed)
    return code


def _say(what: str, names: list[str]) -> None:
    sys.stdout.write("\n  ".join([what, *names]) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
