"""`amtsweg audit` as an auditor types it, against the service over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from amtsweg.__main__ import build
from shared.telemetry.health import Health
from shared.web.app import HttpServer
from tests.integration.audit.conftest import TOKENS, RunningLog
from tests.integration.audit.test_completeness import DAY, YESTERDAY, received
from tests.integration.audit.test_reading_room import leaves, refusals
from tests.support.audit import LOG_KEY, fact


@dataclass(frozen=True, slots=True)
class Auditor:
    """Somebody with the address, a token in a file and the log's key."""

    url: str
    folder: Path

    async def types(self, *arguments: str, reader: str = "rechnungshof") -> tuple[int, str]:
        token = self.folder / "token"
        token.write_text(TOKENS[reader])
        where = ["--url", self.url, "--token-file", str(token)]
        why = ["--purpose", "Prüfung", "--reference", "RH-2026/17"]
        key = ["--log-key", LOG_KEY.verifier.to_text()]
        return await amtsweg(*arguments, *where, *why, *key)


async def amtsweg(*arguments: str) -> tuple[int, str]:
    done = await asyncio.to_thread(CliRunner().invoke, build(["audit"]), ["audit", *arguments])
    return done.exit_code, done.output


@pytest.fixture
async def auditor(running: RunningLog, tmp_path: Path) -> AsyncIterator[Auditor]:
    server = HttpServer(running.service.http, host="127.0.0.1", port=0, health=Health())
    serving = asyncio.create_task(server.run())
    await server.started.wait()
    yield Auditor(server.url, tmp_path)
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


async def test_what_is_missing_is_told_in_sentences(running: RunningLog, auditor: Auditor) -> None:
    await running.append(received(1))
    await running.service.completeness.round()
    code, said = await auditor.types("completeness")
    assert code == 1
    assert "FEHLT       1 überfällig      1 offen   Jeder Eingang und jede Anordnung" in said
    code, said = await auditor.types("completeness", "--on", "2026-01-01")
    assert (code, "FEHLT" in said) == (0, False)


async def test_a_day_of_an_authority_is_proven_and_recounted(
    running: RunningLog, auditor: Auditor, tmp_path: Path
) -> None:
    await running.append(*(replace(fact(n), time=YESTERDAY.isoformat()) for n in range(300)))
    await running.service.completeness.round()
    await running.covered(301)
    file = tmp_path / "day.json"
    code, said = await auditor.types(
        "completeness", "--on", DAY, "--authority", "g-06531005", "--out", str(file)
    )
    assert (code, "300 von 300 Einträgen" in said) == (0, True), said
    check = ["verify-statement", str(file), "--log-key", LOG_KEY.verifier.to_text()]
    await running.covered(302)
    code, said = await amtsweg(*check, "--tiles", str(running.folder))
    assert (code, "Nachgezählt: 300 Einträge" in said) == (0, True), said
    file.write_bytes(file.read_bytes().replace(b'"index": 7,', b'"index": 8,'))
    code, said = await amtsweg(*check)
    assert (code, "ABGELEHNT" in said) == (1, True)


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
async def test_the_whole_log_is_exported_and_checked(
    running: RunningLog, auditor: Auditor, tmp_path: Path, form: str
) -> None:
    await running.append_numbers(*range(700))
    await running.covered(700)
    folder = tmp_path / "export"
    code, said = await auditor.types("export", "--out", str(folder), "--format", form)
    assert (code, "alle 700 Einträge, die Wurzel stimmt" in said) == (0, True), said
    assert "700 Inhalte öffnen ihre Einträge" in said
    assert "Dieser Export ist selbst Eintrag 700" in said
    (look,) = await leaves(running, "de.amtsweg.Looked.v1")
    assert "actor" not in look
    code, _ = await amtsweg("verify-export", str(folder), "--log-key", LOG_KEY.verifier.to_text())
    assert code == 0


async def test_nobody_exports_without_the_right_to(
    running: RunningLog, auditor: Auditor, tmp_path: Path
) -> None:
    await running.append_numbers(1)
    await running.covered(1)
    code, said = await auditor.types("export", "--out", str(tmp_path / "export"), reader="datenschutz")
    assert (code, "Dieses Token öffnet anderes" in said) == (1, True), said
    assert (await refusals(running), (tmp_path / "export").exists()) == (1, False)
