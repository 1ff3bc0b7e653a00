"""Every command whose server is away names the server and its address, says what to do, and ends with 3."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from amtsweg.__main__ import COMMANDS, build
from amtsweg.exit_status import UNDECIDED
from amtsweg.language import CommandLanguage
from tests.component.command.test_mistakes import every_command
from tests.support.languages import foreign

CASE: Final = "0b6f2f0e-5a3c-5d5e-9d0a-8f0f6f0c1a11"
LOG: Final = "--origin example.org/log --postgres-url {postgres}"
ASKING: Final = {
    "audit check-bus": ("PostgreSQL", f"{LOG} --pseudonym-key-file {{key}}"),
    "audit close": ("PostgreSQL", LOG),
    "audit completeness": (
        "Prüfstelle",
        "--purpose supervision --reference 1 --url http://{away} --token-file {password} --log-key {verifier}",
    ),
    "authority add": ("Kafka", "g-06531005"),
    "authority list": ("Kafka", ""),
    "authority quota": ("Kafka", "g-06531005 authority"),
    "authority resume": ("Kafka", "g-06531005"),
    "authority revoke": ("Kafka", "g-06531005"),
    "authority serve": ("PostgreSQL", "provider g-06531005"),
    "authority show": ("Kafka", "g-06531005"),
    "authority suspend": ("Kafka", "g-06531005"),
    "case": ("PostgreSQL", "AW-2026-7F3K-9Q2M-X4TN"),
    "client list": ("PostgreSQL", ""),
    "client revoke": ("PostgreSQL", "portal"),
    "dead-letters close": ("Kafka", "router:1 --reason test"),
    "dead-letters go-on": ("Kafka", "router"),
    "dead-letters list": ("Kafka", ""),
    "dead-letters replay": ("Kafka", "router:1"),
    "dead-letters show": ("Kafka", "router:1"),
    "directory archive": ("Kafka", "new"),
    "directory export": ("Kafka", f"sha256:{'0' * 64} new"),
    "directory proposals list": ("Kafka", ""),
    "directory proposals show": ("Kafka", "3f9c02ab"),
    "directory seed": ("Kafka", ""),
    "directory versions": ("Kafka", ""),
    "messages arrived": ("PostgreSQL", f"{CASE} --postgres-url {{postgres}}"),
    "messages list": ("PostgreSQL", "--postgres-url {postgres}"),
    "messages open": ("PostgreSQL", "--postgres-url {postgres}"),
    "messages retry": ("PostgreSQL", f"{CASE} --postgres-url {{postgres}}"),
    "parked assign": ("Kafka", f"{CASE} --to g-06531005 --reason Wieseck"),
    "parked list": ("Kafka", ""),
    "parked redeliver": ("Kafka", CASE),
    "parked retry": ("Kafka", CASE),
    "parked show": ("Kafka", CASE),
    "resolve": ("Kafka", "--service 99050012104000 --plz 35390"),
}
"""What a server is asked for, which one, and with what; the other commands are below."""

OTHERS: Final = {
    *("audit check", "audit verify-export", "audit verify-statement", "authority key-file", "deadline"),
    *("directory check", "directory compile", "directory diff", "directory map", "docs", "verify"),
    *("messages dkim-record", "messages mailbox-keys", "provision keys", "templates preview"),
    *(
        "demo",
        "down",
        "logs",
        "restart",
        "status",
        "up",
    ),  # about the local stack, which they describe themselves
    # They ask as others here do, after files that they need: keys, a change, an archive, a database that is new.
    *(
        "audit erase",
        "audit erase-closed",
        "audit expire",
        "audit export",
        "audit open",
        "audit rebuild-database",
    ),
    *(
        "audit rebuild-tiles",
        "authority check",
        "authority rotate",
        "client add",
        "client rotate",
        "client seal-to",
    ),
    *("directory apply", "directory preview", "provision servers"),
}


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """An address where nobody listens, as every server's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "password").write_text("secret")
    (tmp_path / "key").write_text("0" * 64)
    with socket.socket() as taken:  # bound, and never listening: nobody else gets it meanwhile
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        postgres = f"postgresql://x:secret@{address}/amtsweg"
        for prefix in ("AMTSWEG_KAFKA_", "AMTSWEG_KAFKA__"):
            monkeypatch.setenv(f"{prefix}BOOTSTRAP", address)
            monkeypatch.setenv(f"{prefix}USERNAME", "operator")
            monkeypatch.setenv(f"{prefix}PASSWORD_FILE", str(tmp_path / "password"))
        monkeypatch.setenv("AMTSWEG_POSTGRES__URL", postgres)
        yield {
            "away": address,
            "postgres": postgres,
            "password": str(tmp_path / "password"),
            "key": str(tmp_path / "key"),
            "verifier": "example.org/log+8d8e9a2a+AQ==",
        }


def test_every_command_is_in_one_of_the_lists() -> None:
    assert {" ".join(words) for words in every_command()} == ASKING.keys() | OTHERS
    assert not ASKING.keys() & OTHERS


@pytest.mark.parametrize("command", [*ASKING])
def test_a_server_that_is_away_is_named_with_its_address_and_what_to_do(
    command: str, away: dict[str, str]
) -> None:
    languages: tuple[CommandLanguage, ...] = ("de", "en")
    language = languages[[*ASKING].index(command) % 2]  # the sentence is one for all commands
    server, words = ASKING[command]
    if language == "en":
        server = server.replace("Prüfstelle", "audit service")
    call = [*command.split(), *words.format(**away).split()]

    ended = CliRunner().invoke(build(list(COMMANDS)), ["--lang", language, "--var", "none", *call])

    assert ended.exit_code == UNDECIDED, ended.output
    last = ended.stderr.strip().splitlines()[-1]
    assert away["away"] in last
    assert server in last
    assert "amtsweg status" in last
    assert "secret" not in ended.output
    assert "Traceback" not in ended.output
    assert foreign(ended.stderr, spoken=language) == []
