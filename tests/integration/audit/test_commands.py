"""`amtsweg audit` on a real log: check it, lose its files, make them anew."""

import asyncio
import shutil
from pathlib import Path

from typer.testing import CliRunner, Result

from amtsweg.__main__ import build
from tests.integration.audit.conftest import RunningLog
from tests.support.audit import LOG_KEY, ORIGIN


async def amtsweg(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, build(["audit"]), ["audit", *arguments])


async def check(tiles: Path) -> Result:
    return await amtsweg("check", "--tiles", str(tiles), "--log-key", LOG_KEY.verifier.to_text())


async def test_a_true_log_is_checked_and_the_time_is_told(running: RunningLog) -> None:
    await running.append_numbers(*range(700))
    await running.covered(700)
    done = await check(running.folder)
    assert (done.exit_code, "700 Einträge geprüft in" in done.output) == (0, True)


async def test_a_lost_file_is_noticed(running: RunningLog) -> None:
    await running.append_numbers(*range(700))
    await running.covered(700)
    (running.folder / "tile/0/001").unlink()
    done = await check(running.folder)
    assert (done.exit_code, "ABGELEHNT: tile/0/001 fehlt" in done.output) == (1, True)


async def test_lost_files_are_made_anew_from_the_database(running: RunningLog, database_url: str) -> None:
    await running.append_numbers(*range(700))
    await running.covered(700)
    shutil.rmtree(running.folder / "tile")
    done = await amtsweg(
        "rebuild-tiles", "--tiles", str(running.folder), "--origin", ORIGIN, "--postgres-url", database_url
    )
    assert done.exit_code == 0, done.output
    assert (await check(running.folder)).exit_code == 0


async def test_a_forged_file_is_not_overwritten(running: RunningLog, database_url: str) -> None:
    await running.append_numbers(*range(300))
    await running.covered(300)
    forged = running.folder / "tile/0/000"
    forged.unlink()
    forged.write_bytes(b"forged")
    done = await amtsweg(
        "rebuild-tiles", "--tiles", str(running.folder), "--origin", ORIGIN, "--postgres-url", database_url
    )
    assert (done.exit_code, forged.read_bytes()) == (1, b"forged")
