"""The file for the authority goes on naming the client and the secret that it has named, whatever else is renewed."""

import json
from pathlib import Path
from typing import Any

import pytest

from amtsweg import authority_way_in
from amtsweg.authority_way_in import WaysIn
from amtsweg.stack.endpoints import KafkaEndpoint

GIESSEN = "g-06531005"
KAFKA = KafkaEndpoint(bootstrap="kafka.example:9092", username="admin", password="admin")


@pytest.fixture
def ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WaysIn:
    monkeypatch.setattr(authority_way_in, "super_user", lambda: KAFKA)
    monkeypatch.setenv("AMTSWEG_VAR", str(tmp_path / "no stack"))
    return WaysIn(tmp_path)


def named(path: Path) -> tuple[str, str]:
    access: dict[str, Any] = json.loads(path.read_text())["authorities"][GIESSEN]
    return access["clientId"], access["secret"]


def test_a_new_key_leaves_the_client_that_the_file_names(ways: WaysIn) -> None:
    ways.describe(GIESSEN, client_id="giessen-2", secret="second")
    assert named(ways.describe(GIESSEN, client_id=None, secret=None)) == ("giessen-2", "second")


def test_before_there_is_a_file_it_names_the_secret_that_lies_in_the_folder(ways: WaysIn) -> None:
    lies = ways.keyring.of_authority(GIESSEN, "client-secret")
    lies.parent.mkdir(parents=True)
    lies.write_text("first\n")
    assert named(ways.describe(GIESSEN, client_id=None, secret=None)) == (GIESSEN, "first")


def test_one_clients_secret_is_never_named_as_anothers(ways: WaysIn) -> None:
    ways.describe(GIESSEN, client_id="giessen-2", secret="second")
    assert named(ways.describe(GIESSEN, client_id=GIESSEN, secret=None)) == (GIESSEN, "")
