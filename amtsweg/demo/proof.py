"""The log proven by a verifier that we did not write, and a case by the evidence file that an auditor carries away."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import httpx

from amtsweg.stack.description import StackDescription
from services.audit.domain.policy import parse_policy
from shared.bounded_files import read_bounded

VERIFIER = Path(".venv-verifier/bin/aics-tlog")
_TIMEOUT_S = 60
_EVIDENCE, _PROGRAM = "beweis.json", "verify.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierVerdict:
    """What the verifier said, as JSON or in sentences; ``command`` can be repeated by the reader."""

    holds: bool
    command: str
    said: dict[str, object] | str


def verify(
    tiles: Path, *, verifier_key: str, policy_file: Path, index: int
) -> tuple[VerifierVerdict, VerifierVerdict]:
    """Verify the checkpoint, which all witnesses must have cosigned, then that entry ``index`` is in its tree.

    Raises:
        FileNotFoundError: the independent verifier is not installed (``make verifier``).
    """
    witnesses = parse_policy(read_bounded(policy_file)).witnesses.values()
    keys = [text for witness in witnesses for text in ("--witness-key", witness.key.to_text())]
    at = ["--tiles", str(tiles), "--log-key", verifier_key, *keys, "--quorum", str(len(witnesses))]
    return _run("verify-checkpoint", *at), _run("verify-inclusion", *at, "--index", str(index))


def carry_away(description: StackDescription, *, case: UUID, folder: Path) -> VerifierVerdict:
    """Take the case's evidence file and the verifier in one file from the service, and verify the one with the other.

    What does not work is in the verdict.
    """
    headers = {
        "Authorization": f"Bearer {description.auditor.token}",
        "Amtsweg-Purpose": quote("Vorführung"),
        "Amtsweg-Reference": "demo",
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in ((_EVIDENCE, f"/v1/cases/{case}/evidence"), (_PROGRAM, "/verify.py")):
        url = f"{description.urls.audit}{path}"
        try:
            answer = httpx.get(url, headers=headers, timeout=_TIMEOUT_S).raise_for_status()
        except httpx.HTTPError as error:
            return VerifierVerdict(holds=False, command=f"curl {url}", said=str(error))
        (folder / name).write_bytes(answer.content)
    policy = description.audit.policy_file
    command = [sys.executable, "-I", str(folder / _PROGRAM), str(folder / _EVIDENCE), "--policy", str(policy)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)  # noqa: S603 - the file that we have just taken from our own service
    shown = ["python3", *command[2:]]
    return VerifierVerdict(
        holds=run.returncode == 0, command=" ".join(shown), said=(run.stdout or run.stderr).strip()
    )


def _run(*arguments: str) -> VerifierVerdict:
    command = [str(VERIFIER), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)  # noqa: S603 - a fixed program of ours
    said: dict[str, object]
    try:
        said = json.loads(run.stdout)
    except ValueError:
        said = {"error": run.stderr.strip()}
    return VerifierVerdict(holds=run.returncode == 0, command=" ".join(command), said=said)
