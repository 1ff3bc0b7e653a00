"""One entry of the log, proven: by a verifier that we did not write, from the files alone."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from services.audit.domain.policy import parse_policy

VERIFIER = Path(".venv-verifier/bin/aics-tlog")
_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the verifier said: ``said`` is its own JSON, ``command`` can be repeated by the reader."""

    holds: bool
    command: str
    said: dict[str, object]


def verify(tiles: Path, *, verifier_key: str, policy_file: Path, index: int) -> tuple[Verdict, Verdict]:
    """Verify the checkpoint, which all witnesses must have cosigned, then that entry ``index`` is in its tree.

    Raises:
        FileNotFoundError: the independent verifier is not installed (``make verifier``).
    """
    witnesses = parse_policy(policy_file.read_bytes()).witnesses.values()
    keys = [text for witness in witnesses for text in ("--witness-key", witness.key.to_text())]
    at = ["--tiles", str(tiles), "--log-key", verifier_key, *keys, "--quorum", str(len(witnesses))]
    return _run("verify-checkpoint", *at), _run("verify-inclusion", *at, "--index", str(index))


def _run(*arguments: str) -> Verdict:
    command = [str(VERIFIER), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)  # noqa: S603 - a fixed program of ours
    try:
        said: dict[str, object] = json.loads(run.stdout)
    except ValueError:
        said = {"error": run.stderr.strip()}
    return Verdict(holds=run.returncode == 0, command=" ".join(command), said=said)
