"""The path of the description in, the issuer running: ``python -m amtsweg.stack.issuer FILE``."""

import sys
from pathlib import Path

import uvicorn

from amtsweg.stack.issuer.app import issuer_app
from amtsweg.stack.issuer.description import IssuerDescription
from shared.addresses import require_loopback
from shared.bounded_files import LARGE, read_bounded


def main(path: Path) -> None:
    """Serve until told to stop.

    Raises:
        ValueError: it would be reached from other machines; it asks for no password.
    """
    told = IssuerDescription.model_validate_json(read_bounded(path, most=LARGE))
    require_loopback(told.host, what="the local issuer", instead="a real issuer (setting sign_in.issuer)")
    uvicorn.run(issuer_app(told), host=told.host, port=told.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
