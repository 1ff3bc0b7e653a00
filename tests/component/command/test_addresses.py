"""Every address that the command is given is judged: beyond loopback only verified TLS, whatever option or variable."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
import typer

import amtsweg
from amtsweg import authority_way_in, bus, case
from amtsweg.__main__ import COMMANDS, build
from amtsweg.clients import commands as clients
from amtsweg.stack import endpoints
from amtsweg.stack.errors import StackError
from tests.component.command.test_mistakes import leaves

ROOT = typer.main.get_command(build(list(COMMANDS)))
ADDRESS = re.compile(r"(^|_)(url|address|bootstrap|server|host)$")
NO_CONNECTION = {"host", "witness_address"}
"""Names of options that say where something is, and to which the command opens no connection itself."""

OPTIONS = sorted(
    (" ".join(path), option.name or "")
    for path, command in leaves(ROOT)
    for option in command.params
    if ADDRESS.search(option.name or "")
)
CLEAR = {
    "http": "http://elsewhere.example",
    "postgresql": "postgresql://amtsweg@elsewhere.example/amtsweg?sslmode=require",
    "redis": "redis://elsewhere.example",
    "another": "ftp://127.0.0.1",
}
SECURE = ("https://elsewhere.example", "postgresql://amtsweg@elsewhere.example/amtsweg?sslmode=verify-full")


def option(path: str, name: str) -> click.Parameter:
    command: Any = dict(leaves(ROOT))[tuple(path.split())]
    (found,) = (each for each in command.params if each.name == name)
    return found  # type: ignore[no-any-return] # typer's commands have no types here


def test_there_are_addresses() -> None:
    assert ("audit erase", "postgres_url") in OPTIONS
    assert ("audit completeness", "url") in OPTIONS


@pytest.mark.parametrize(("path", "name"), OPTIONS)
def test_every_option_that_is_an_address_is_judged(path: str, name: str) -> None:
    judged = option(path, name)
    context = click.Context(dict(leaves(ROOT))[tuple(path.split())])
    for clear in CLEAR.values():
        with pytest.raises(typer.BadParameter):
            judged.process_value(context, clear)
    for secure in SECURE:
        assert judged.process_value(context, secure) == secure


def _endpoint(read: Callable[[Mapping[str, str]], object], folder: Path) -> None:
    (folder / "password").write_text("x")
    login = {
        f"AMTSWEG_{server}_{name}": value
        for server in ("KAFKA", "POSTGRES")
        for name, value in {"USERNAME": "admin", "PASSWORD_FILE": str(folder / "password")}.items()
    }
    read(login | {"AMTSWEG_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"} | dict(os.environ))


VARIABLES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "AMTSWEG_KAFKA_BOOTSTRAP": ("elsewhere.example:9092", lambda at: _endpoint(endpoints.kafka, at)),
    "AMTSWEG_POSTGRES_URL": (CLEAR["postgresql"], lambda at: _endpoint(endpoints.postgres, at)),
    "AMTSWEG_REDIS_URL": (CLEAR["redis"], lambda at: _endpoint(endpoints.redis, at)),
    "AMTSWEG_POSTGRES__URL": (CLEAR["postgresql"], lambda _: case._postgres()),
    "AMTSWEG_KAFKA__BOOTSTRAP": ("elsewhere.example:9092", lambda _: bus.known_address()),
    "AMTSWEG_INTAKE_URL": (CLEAR["http"], lambda _: authority_way_in.installed_urls()),
    "AMTSWEG_ROUTER_URL": (CLEAR["http"], lambda _: authority_way_in.installed_urls()),
}
"""Each variable of the command that is an address, something in clear beyond loopback, and who reads it."""


def test_every_variable_of_the_command_that_is_an_address_is_tried_here() -> None:
    sources = [path.read_text() for path in Path(amtsweg.__file__).parent.rglob("*.py")]
    named = {found for text in sources for found in re.findall(r"AMTSWEG_[A-Z_]*(?:URL|BOOTSTRAP)\b", text)}
    set_for_services = {"AMTSWEG_DOORS_URL", "AMTSWEG_SIGN_IN__PUBLIC_URL"}
    assert named - set_for_services == VARIABLES.keys()


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_variable_that_is_an_address_is_judged(
    variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clear, read = VARIABLES[variable]
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, clear)
    monkeypatch.setenv("AMTSWEG_KAFKA__SECURITY_PROTOCOL", "PLAINTEXT")
    with pytest.raises((ValueError, typer.BadParameter, StackError)):
        read(tmp_path)


def test_who_is_registered_is_never_asked_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMTSWEG_POSTGRES__URL", CLEAR["postgresql"])
    with pytest.raises(ValueError, match="verify-full"):
        typer.main.get_command(clients).main(["list"], standalone_mode=False)
