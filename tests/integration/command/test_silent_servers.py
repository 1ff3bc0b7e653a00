"""A server that takes connections and never answers keeps no command waiting."""

import socket

import pytest
from typer.testing import CliRunner

from amtsweg import servers_asked
from amtsweg.__main__ import build
from amtsweg.exit_status import UNDECIDED


@pytest.mark.parametrize(
    "call", ["case AW-2026-7F3K-9Q2M-X4TN", "client list", "messages list --postgres-url {postgres}"]
)
def test_a_database_that_never_answers_is_named_like_one_that_is_away(
    call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers_asked, "_ANSWERS_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        postgres = f"postgresql://x:secret@{address}/amtsweg"
        monkeypatch.setenv("AMTSWEG_POSTGRES__URL", postgres)
        ended = CliRunner().invoke(
            build([call.partition(" ")[0]]), ["--var", "none", *call.format(postgres=postgres).split()]
        )
    assert ended.exit_code == UNDECIDED, ended.output
    assert f"PostgreSQL unter {address} (TimeoutError)" in ended.stderr
