"""Environment in, process running."""

import sys

from services.intake.app import build
from services.intake.settings import Settings
from shared.service import run as service


def main() -> int:
    """Run until told to stop; return the exit code, 0 after an orderly stop."""
    settings = Settings()
    return service.main("intake", lambda: build(settings), settings=settings)


if __name__ == "__main__":
    sys.exit(main())
