"""The local issuer asks for no password, so nobody beyond this machine may reach it."""

from pathlib import Path

import pytest

from amtsweg.stack.issuer.__main__ import main
from amtsweg.stack.issuer.description import PERSONS, IssuerDescription


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "::", "issuer.example"])
def test_it_refuses_to_listen_beyond_loopback(host: str, tmp_path: Path) -> None:
    file = tmp_path / "description.json"
    file.write_text(IssuerDescription(host=host, port=8089, persons=PERSONS, clients={}).model_dump_json())
    with pytest.raises(ValueError, match="beyond loopback"):
        main(file)
