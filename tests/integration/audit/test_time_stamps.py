"""A time-stamping authority over HTTP: what it says goes into evidence files, and its absence holds up nothing."""

import asyncio
import os
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from services.audit.adapters.stamp_folder import StampFolder
from services.audit.adapters.tile_folder import TileFolder
from services.audit.adapters.time_authority import TimeAuthority
from services.audit.handler.stamp import Stamper
from tests.integration.audit.conftest import TOKENS, RunningLog
from tests.integration.audit.serving import served
from tests.integration.audit.test_reading_room import CASE, asking, with_a_case
from tests.support.audit import LOG_KEY
from tests.support.audit_story import STORY, SUBMISSION
from tests.support.pages import ROOT, rehearsed
from tests.support.time_authority import Authority

AUTHORITY = Authority("Zeitstempelstelle")


class _Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        request = self.rfile.read(int(self.headers["Content-Length"]))
        right = self.headers["Content-Type"] == "application/timestamp-query"
        answer = AUTHORITY.answer(request, at=datetime.now(UTC)) if right else b""
        self.send_response(200 if right else 415)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def authority_url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/tsr"
        server.shutdown()


def _stamper(running: RunningLog, url: str) -> Stamper:
    folder = TileFolder(running.folder)
    return Stamper(
        ask=TimeAuthority(url).ask,
        published=lambda: folder.read("checkpoint"),
        stamps=StampFolder(running.folder / "stamps"),
        roots=[AUTHORITY.root],
        clock=lambda: datetime.now(UTC),
    )


async def test_an_authority_that_is_away_holds_up_no_checkpoint(running: RunningLog) -> None:
    await running.append_numbers(1)
    await running.covered(1)
    with pytest.raises(OSError, match="does not answer"):
        await _stamper(running, "http://127.0.0.1:9/").stamp()
    await running.append_numbers(2)
    await running.covered(2)
    answer = await running.client.get("/v1/status", headers=asking())
    assert answer.status_code == 200
    assert "stamp" not in answer.json()


async def test_a_time_stamp_is_part_of_the_evidence_and_of_the_status(
    running: RunningLog, authority_url: str
) -> None:
    await with_a_case(running)
    assert await _stamper(running, authority_url).stamp()
    evidence = (await running.client.get(f"/v1/cases/{CASE}/evidence", headers=asking())).json()
    assert evidence["timestamp"]["checkpoint"].split("\n")[1] == "4"
    assert (await running.client.get("/v1/status", headers=asking())).json()["stamp"]["size"] == 4


async def test_the_commands_of_the_auditors_page_do_what_it_says(
    running: RunningLog, authority_url: str, tmp_path: Path
) -> None:
    await running.append(*STORY)
    await running.covered(len(STORY))
    await _stamper(running, authority_url).stamp()
    desk = tmp_path / "desk"
    desk.mkdir()
    (desk / "regel.txt").write_text(f"log {LOG_KEY.verifier.to_text()}\nquorum none\n")
    (desk / "tsa.pem").write_bytes(AUTHORITY.root.public_bytes(Encoding.PEM))
    async with served(running) as url:
        around = {
            "PATH": f"{ROOT / '.venv/bin'}:{ROOT / '.venv-verifier/bin'}:{os.environ['PATH']}",
            "AUDIT": url,
            "TOKEN": TOKENS["rechnungshof"],
            "VORGANG": str(SUBMISSION),
            "SCHLUESSEL": LOG_KEY.verifier.to_text(),
        }
        said = {
            name: await asyncio.to_thread(_carried_out, name, around, desk)
            for name in ("take", "verify", "strangers", "openssl")
        }
    assert "Diese 8 Einträge stehen unverändert" in said["verify"]
    assert "Die ersten 8 Einträge gab es am" in said["verify"]
    assert '"ok": true' in said["strangers"]
    assert "Verification: OK" in said["openssl"]


def _carried_out(name: str, around: dict[str, str], desk: Path) -> str:
    done = subprocess.run(
        ["bash", "-euc", rehearsed("docs/auditors.md", name)],
        cwd=desk, env=around, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr
