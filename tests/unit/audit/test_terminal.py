"""Nothing that stands in a file or an answer steers the terminal; a policy that asks for nobody is refused."""

import ast
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amtsweg.terminal import printable
from services.audit.adapters.http.page import verify as strangers
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.evidence import Evidence, evidence_entry
from services.audit.domain.keys import SignatureType, SigningKey
from services.audit.domain.merkle import leaf_hash
from services.audit.domain.note import sign
from services.audit.domain.proof_refused import ProofRefused
from tests.support.audit import ORIGIN
from tests.unit.audit.test_evidence import EVIDENCE, FILE, RULE, both, said_by

SCREEN_TRICKS = "\x1b[8m\x1b]8;;https://example.org\x07\r\n\x00\x9b2J\u202e\u200b[/x][link=y]"


@pytest.mark.parametrize("field", ["type", "time", "authority", "service", "id", "source"])
def test_what_a_forger_wrote_reaches_no_terminal_as_a_control_sequence(tmp_path: Path, field: str) -> None:
    key = SigningKey(ORIGIN, SignatureType.ED25519, b"f" * 32)
    entry = orjson.dumps(
        {**orjson.loads(EVIDENCE.entries[0].entry), field: f"BEWIESEN{SCREEN_TRICKS}"}
    ).decode()
    note = sign(Checkpoint(ORIGIN, 1, leaf_hash(entry.encode())).to_text(), [key], time=0).to_bytes().decode()
    forged = Evidence(
        checkpoint=note,
        policy=f"log {key.verifier.to_text()}\nquorum none\n",
        entries=(evidence_entry(0, entry.encode(), proof=(), disclosure=None),),
    )
    (tmp_path / "beweis.json").write_bytes(forged.to_bytes())
    said = said_by(tmp_path)
    lines = [*strangers.verify(forged.to_bytes()).lines(0), *said.output.split("\n")]
    assert all(line.isprintable() for line in lines)
    assert said.exit_code == strangers.UNTRUSTED or field == "id"


@given(st.text())
def test_what_is_printable_stays_and_everything_else_is_spelt_out(text: str) -> None:
    assert printable(text).replace("\n", "").isprintable()
    assert strangers.plain(text).isprintable()
    assert printable("Größe – 3 m²") == strangers.plain("Größe – 3 m²") == "Größe – 3 m²"


@pytest.mark.parametrize("module", sorted(Path("amtsweg/audit").glob("*.py")), ids=str)
def test_every_command_of_auditors_prints_through_one_function(module: Path) -> None:
    tree = ast.walk(ast.parse(module.read_text(encoding="utf-8")))
    names = {n.id for n in tree if isinstance(n, ast.Name)}
    assert "print" not in names
    assert "typer.echo" not in module.read_text(encoding="utf-8")


@pytest.mark.parametrize("group", ["0 w1 w2", "3 w1 w2", "-1 w1", "2 w1 w1", "all", "x w1"])
def test_a_group_that_asks_for_nobody_or_for_more_than_it_has_is_refused(group: str) -> None:
    with pytest.raises(ProofRefused):
        both(FILE, RULE.replace("group both 2 w1 w2", f"group both {group}"))


@pytest.mark.parametrize(
    ("options", "status"), [(["nix.json"], 2), (["beweis.json", "--policy", "nix.txt"], 2)]
)
def test_a_missing_file_is_distinguished_from_a_refused_one(
    tmp_path: Path, options: list[str], status: int
) -> None:
    (tmp_path / "beweis.json").write_bytes(FILE)
    asked = [sys.executable, "-I", strangers.__file__, *options]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (status, False)
