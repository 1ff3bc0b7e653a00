"""The directory changed on real parts, as an operator does it: by command, with the operator's own login."""

import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from amtsweg import directory
from amtsweg.directory.published import read
from amtsweg.resolve import resolve
from amtsweg.stack.provision.grants import operator_login
from amtsweg.stack.service import ServiceProcess
from services.router.domain.cases.decision_words import DecisionDocument
from services.router.domain.directory.versions import Version
from shared.local_time import local_time
from tests.integration.directory.conftest import (
    DEICH,
    DISTRICT,
    MUNICIPALITY,
    Pair,
    received,
    until_named,
    with_other_threshold,
)
from tests.support.directories import BEACON
from tests.support.pages import rehearsed


@pytest.fixture
def operator(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's own login in the environment."""
    for name, value in {
        "BOOTSTRAP": pair.address.bootstrap,
        "SECURITY_PROTOCOL": pair.address.security_protocol,
        "USERNAME": operator_login("directory"),
        "PASSWORD_FILE": str(pair.kafka.var / "keys" / operator_login("directory") / "kafka-password"),
    }.items():
        monkeypatch.setenv(f"AMTSWEG_KAFKA__{name}", value)


async def run(*arguments: str | Path) -> Result:
    result = await asyncio.to_thread(CliRunner().invoke, directory.commands, [*map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result


async def refused(*arguments: str | Path) -> str:
    result = await asyncio.to_thread(CliRunner().invoke, directory.commands, [*map(str, arguments)])
    assert result.exit_code == 2
    return result.stderr


async def answered(*arguments: str | Path) -> DecisionDocument:
    """Who decides on a beacon in Deich, by the command."""
    app = typer.Typer()
    app.command()(resolve)
    asked = ("--service", BEACON, "--ags", str(DEICH.ags), "--on", "2026-03-01", "--json")
    result = await asyncio.to_thread(CliRunner().invoke, app, [*asked, *map(str, arguments)])
    return DecisionDocument.model_validate_json(result.stdout)


def since(version: Version) -> str:
    """When it takes effect, as people read it."""
    return local_time(version.effective_from, "en", seconds=True)


def within(minutes: int) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


async def test_an_operator_exports_changes_previews_applies_and_withdraws(
    pair: Pair, routers: Sequence[ServiceProcess], operator: None, tmp_path: Path
) -> None:
    await pair.settle()
    past = received(datetime.now(UTC))
    await pair.receive(past)
    before, *_ = await pair.decisions(past)
    other = {DISTRICT: MUNICIPALITY, MUNICIPALITY: DISTRICT}[str(before.authority)]

    await run("export", "newest", tmp_path / "change")
    _move_threshold(tmp_path / "change")
    previewed = await run("preview", tmp_path / "change")
    assert f"{BEACON}: {before.authority} -> {other} ever since: Deich" in previewed.stdout
    assert f"{BEACON}: {before.authority} -> {other}: " in previewed.stdout
    assert "past submissions, received" in previewed.stdout

    why = ("--reason", "Schwelle geändert")
    applied = await run("apply", tmp_path / "change", "--effective-from", within(5), *why)
    newest = await pair.newest()
    assert f"published: version {newest.id}, in force from" in applied.stdout
    for router in routers:
        await until_named(newest, router)
    assert f"{newest.id}  from {since(newest)}  pending" in (await run("versions")).stdout
    again = await refused("apply", tmp_path / "change", "--effective-from", within(9), *why)
    assert f"but the newest is {newest.id} (Schwelle geändert)" in again

    assert (await answered("--as-of", newest.id[:16])).authority == other
    repeated = await answered("--as-of", before.directory_version)
    assert (repeated.authority, repeated.directory_version) == (before.authority, before.directory_version)
    await run("archive", tmp_path / "archive")
    offline = await answered("--as-of", newest.id, "--archive", tmp_path / "archive")
    assert offline.authority == other

    await run("export", "in-force", tmp_path / "back")
    withdrawing = ("--withdraw-pending", "--reason", "doch nicht")
    await run("apply", tmp_path / "back", "--effective-from", within(4), *withdrawing)
    assert (await pair.newest()).id == before.directory_version
    assert newest.id not in [v.id for v in (await read(pair.address)).versions.pending(datetime.now(UTC))]


@pytest.mark.long
async def test_what_operations_says_for_two_in_the_morning_is_what_one_can_type(
    pair: Pair, operator: None, tmp_path: Path
) -> None:
    force = await pair.settle()

    look = await shell("directory-look", folder=tmp_path)
    assert f"{force.id}  from {since(force)}  in force" in look
    _move_threshold(tmp_path / "change")
    preview = await shell("directory-preview", folder=tmp_path)
    assert f"{BEACON}: " in preview
    assert "changes in the grid" in preview
    await shell("directory-apply", folder=tmp_path)

    newest = await pair.newest()
    assert newest.change.parent == force.id
    assert newest.change.reason == "Zeile 12 nannte die falsche Stelle"
    assert timedelta(minutes=2) < newest.effective_from - datetime.now(UTC) < timedelta(minutes=3)


async def shell(name: str, *, folder: Path) -> str:
    """What the block of the page prints, typed in this folder."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    typed = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        rehearsed("docs/operations.md", name),
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(typed.communicate(), 60)
    assert typed.returncode == 0, output.decode()
    return output.decode()


async def test_a_change_that_breaks_the_directory_is_not_published(
    pair: Pair, operator: None, tmp_path: Path
) -> None:
    newest = await pair.newest()
    await run("export", "newest", tmp_path / "change")
    competences = tmp_path / "change" / "competences.csv"
    text = competences.read_text(encoding="utf-8").replace("2027-12-31", "2027-12-30")
    competences.write_text(text, encoding="utf-8")
    told = await refused("apply", tmp_path / "change", "--effective-from", within(60), "--reason", "Versehen")
    assert "says nothing on the days 2027-12-31..2027-12-31" in told
    assert await pair.newest() == newest


def _move_threshold(folder: Path) -> None:
    file = folder / "competences.csv"
    file.write_text(with_other_threshold(file.read_text(encoding="utf-8")), encoding="utf-8")
