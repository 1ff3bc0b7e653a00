"""Environment in, process running."""

import sys

from services.audit.app import build
from services.audit.settings import Settings
from shared.service import run as service


def main() -> int:
    """Run until told to stop; 0 when that was asked for."""
    settings = Settings()
    return service.main("audit", lambda: build(settings), settings=settings)


if __name__ == "__main__":
    sys.exit(main())
