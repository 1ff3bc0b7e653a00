"""Who cannot be registered as a client, said before anything is written."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey
from typer.testing import CliRunner

from amtsweg.clients import commands


def private_key(folder: Path) -> str:
    key = folder / "private.jwk"
    key.write_text(json.dumps({"kty": "EC", "crv": "P-256", "x": "x", "y": "y", "d": "d"}))
    return str(key)


def weak_key(folder: Path) -> str:
    key = folder / "weak.jwk"
    key.write_text(json.dumps(RSAKey.generate_key(2048).as_dict(private=False)))
    return str(key)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(lambda _: ("erika-mustermann", "--scope", "desk"), "Nummer", id="a name as id"),
        pytest.param(lambda _: ("klaerung-7", "--scope", "all"), "all gibt es nicht", id="an unknown scope"),
        pytest.param(
            lambda _: ("klaerung-7", "--scope", "desk", "--scope", "cases.read"),
            "andere Anmeldung",
            id="scopes of two services",
        ),
        pytest.param(
            lambda folder: ("portal", "--scope", "cases.read", "--public-key", private_key(folder)),
            "öffentliche",
            id="a private key",
        ),
        pytest.param(
            lambda folder: ("portal", "--scope", "cases.read", "--public-key", weak_key(folder)),
            "3072",
            id="a weak key",
        ),
        pytest.param(lambda _: ("Portal!", "--scope", "cases.read"), "a-z", id="an id of other characters"),
        pytest.param(
            lambda _: ("amt", "--scope", "answers.write"), "--authority", id="an authority for none"
        ),
        pytest.param(
            lambda _: ("portal", "--scope", "cases.read", "--authority", "g-1"),
            "--authority",
            id="a platform for an authority",
        ),
        pytest.param(
            lambda _: ("portal", "--scope", "cases.read", "--kind", "king"), "--kind", id="an unknown kind"
        ),
    ],
)
def test_a_registration_is_refused(
    tmp_path: Path, arguments: Callable[[Path], tuple[str, ...]], said: str
) -> None:
    refused = CliRunner().invoke(commands, ["add", *arguments(tmp_path), "--name", "x"])

    assert refused.exit_code == 2
    assert said in refused.stderr
