"""A local witness that we did not write: `aics-witness` from `.venv-verifier`, as a part of the stack."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from amtsweg.language import said
from amtsweg.stack import ports
from amtsweg.stack.errors import MissingPartError
from amtsweg.stack.process import Command
from amtsweg.stack.supervised import SupervisedProcess
from shared.bounded_files import read_bounded_text

PROGRAM: Final = Path(".venv-verifier/bin/aics-witness")


class Witness(SupervisedProcess):
    """One witness, which knows one log. Its key and its memory lie below `var` and are its own."""

    health = "/healthz"

    def __init__(
        self, name: str, *, var: Path, port: int, origin: str, log_key: str, program: Path = PROGRAM
    ) -> None:
        super().__init__(name, var=var, port=port)
        self._folder = var / "witnesses" / name
        self._origin = origin
        self._log_key = log_key
        self._program = program.absolute()

    @property
    def url(self) -> str:
        """The submission prefix (C2SP tlog-witness)."""
        return f"http://{ports.LOOPBACK}:{self.port}"

    def verifier_key(self) -> str:
        """The witness's public key; makes the witness if there is none yet."""
        self.prepare()
        return read_bounded_text(self._folder / "vkey").strip()

    def prepare(self) -> None:
        if not self._program.exists():
            raise MissingPartError(
                said(
                    de=f"Die Zeugen des Protokolls fehlen ({self._program}), und ohne sie veröffentlicht es nichts. "
                    "`make verifier` aufrufen, das aics-witness bringt.",
                    en=f"The log's witnesses are missing ({self._program}), and without them it publishes nothing. "
                    "Run `make verifier`, which installs aics-witness.",
                )
            )
        if (self._folder / "vkey").exists():
            return
        # What a death left half made has cosigned nothing yet.
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        name = f"{self.name}.amtsweg.example"
        made = self._run("init", "--name", name, "--listen", f"{ports.LOOPBACK}:{self.port}")
        self._run("add-log", "--origin", self._origin, "--vkey", self._log_key)
        (self._folder / "vkey").write_text(next(w for w in made.split() if w.startswith(f"{name}+")))

    def command(self) -> Command:
        listen = f"{ports.LOOPBACK}:{self.port}"
        return Command(
            arguments=[self._program, "serve", "--config", self._config, "--listen", listen],
            folder=self._folder,
        )

    @property
    def _config(self) -> Path:
        return (self._folder / "witness.json").absolute()

    def _run(self, command: str, *arguments: str) -> str:
        done = subprocess.run(  # noqa: S603 - a fixed program of the stack
            [self._program, command, "--config", self._config, *arguments],
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


def policy(witnesses: Sequence[Witness], *, threshold: int, log_keys: Sequence[str] = ()) -> str:
    """The trust policy (C2SP tlog-policy) that asks so many of these witnesses."""
    lines = [f"log {key}" for key in log_keys]
    lines += [f"witness {w.name} {w.verifier_key()} {w.url}" for w in witnesses]
    members = " ".join(w.name for w in witnesses)
    return "\n".join((*lines, f"group witnesses {threshold} {members}", "quorum witnesses", ""))
