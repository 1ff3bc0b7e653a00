"""Who cannot be registered as a client, said before anything is written."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from amtsweg.clients import commands


def private_key(folder: Path) -> str:
    key = folder / "private.jwk"
    key.write_text(json.dumps({"kty": "EC", "crv": "P-256", "x": "x", "y": "y", "d": "d"}))
    return str(key)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(lambda _: ("erika-mustermann", "--scope", "desk"), "Nummer", id="a name as id"),
        pytest.param(lambda _: ("klaerung-7", "--scope", "all"), "all gibt es nicht", id="an unknown scope"),
        pytest.param(
            lambda _: ("klaerung-7", "--scope", "desk", "--scope", "cases.read"),
            "verschiedene Dienste",
            id="scopes of two services",
        ),
        pytest.param(
            lambda folder: ("portal", "--scope", "cases.read", "--public-key", private_key(folder)),
            "öffentliche",
            id="a private key",
        ),
    ],
)
def test_a_registration_is_refused(
    tmp_path: Path, arguments: Callable[[Path], tuple[str, ...]], said: str
) -> None:
    refused = CliRunner().invoke(commands, ["add", *arguments(tmp_path), "--name", "x"])

    assert refused.exit_code == 1
    assert said in refused.stderr
