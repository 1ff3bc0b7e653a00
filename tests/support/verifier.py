"""aics-tlog, a verifier that we did not write, run as a program of its own from `.venv-verifier`."""

import json
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_VENV = Path(__file__).parents[2] / ".venv-verifier"
_MANY = "import json, sys; from aics_tlog.cli import main; [main(a) for a in json.load(sys.stdin)]"


@dataclass(frozen=True, slots=True)
class IndependentVerifier:
    """Runs commands; each answers with one JSON object, in which `ok` says whether it accepts.

    With `witness_keys` all of these must have cosigned.
    """

    log_key: str
    witness_keys: tuple[str, ...] = ()

    def checkpoint(self, tiles: Path | str, **options: str | int) -> list[str]:
        return self._command("verify-checkpoint", tiles, options)

    def inclusion(self, tiles: Path | str, index: int, **options: str | int) -> list[str]:
        return self._command("verify-inclusion", tiles, {"index": index, **options})

    def consistency(self, tiles: Path | str, old_checkpoint: Path) -> list[str]:
        return self._command("verify-consistency", tiles, {"old-checkpoint": str(old_checkpoint)})

    def run(self, commands: Iterable[Sequence[str]]) -> list[dict[str, Any]]:
        """Run them in one process, in order."""
        python = _VENV / "bin" / "python"
        assert python.exists(), "the independent verifier is missing: make verifier"
        done = subprocess.run(
            [python, "-c", _MANY],
            input=json.dumps([list(c) for c in commands]),
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    def _command(self, name: str, tiles: Path | str, options: dict[str, str | int]) -> list[str]:
        given = [text for option, value in options.items() for text in (f"--{option}", str(value))]
        keys = [text for key in self.witness_keys for text in ("--witness-key", key)]
        quorum = ["--quorum", str(len(self.witness_keys))] if keys else []
        return [name, "--tiles", str(tiles), "--log-key", self.log_key, *keys, *quorum, *given]
