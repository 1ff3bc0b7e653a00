"""A terminal that lacks a letter (latin-1, ASCII, a code page of Windows) gets the letter's number, and no command ends by it."""

import os
import subprocess
import sys

import pytest

RESOLVE = "-m amtsweg resolve --lang de --offline --service 99050012104000 --plz 35390 --town Gießen"
CALLS = (
    (RESOLVE, "latin-1", "\\u201eGewerbe"),
    ("services/audit/adapters/http/page/verify.py -h", "ascii", "Pr\\xfcft"),
    ("examples/auditor/look.py -h", "ascii", "AW-\\u2026"),
)


@pytest.mark.slow
@pytest.mark.parametrize(("call", "encoding", "shown"), CALLS)
def test_a_letter_that_the_terminal_lacks_ends_no_command(call: str, encoding: str, shown: str) -> None:
    narrow = {**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, *call.split()], capture_output=True, env=narrow, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout.decode(encoding)
