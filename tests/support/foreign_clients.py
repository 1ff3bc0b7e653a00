"""Clients that are not Python's or not ours, as an authority would have them: Node, Java and Go, with libraries in fixed versions."""

import shutil
import subprocess
import venv
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from amtsweg.stack.jars import Jar, classpath, jars_folder

HERE: Final = Path(__file__).with_name("clients")
SAMPLES: Final = Path(__file__).parents[2] / "examples" / "authority"
NIMBUS: Final = Jar(
    group="com.nimbusds",
    artifact="nimbus-jose-jwt",
    version="10.10",
    sha256="0edd2fbaab79e13f87d145d021f85a5c59956b2b6b5e761c0d664c87f94cda15",
)
TINK: Final = Jar(
    group="com.google.crypto.tink",
    artifact="tink",
    version="1.19.0",
    sha256="e5a6671051a0152118d8b075f3550e6dbd410f611cd773036421fba459578107",
)
JWCRYPTO: Final = "1.6.1"


def node(folder: Path) -> list[str]:
    """How a program of ``clients`` is called in Node, without its name; copied and installed in this folder."""
    program, npm = _program("node"), _program("npm")
    for each in (*HERE.glob("*.mjs"), *HERE.glob("*.json"), SAMPLES / "zstd.mjs"):
        shutil.copy(each, folder)
    run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], within=folder)
    return [program]


def java(folder: Path, name: str) -> list[str]:
    """How a program of ``clients`` is called in Java; compiled in this folder."""
    program, compiler = _program("java"), _program("javac")
    jars = ":".join(map(str, [*classpath(), *_jose_jars()]))
    sources = [str(SAMPLES / "Opening.java"), str(HERE / f"{name}.java")]
    run(
        [compiler, "-Xlint:all", "-Werror", "-proc:none", "-cp", jars, "-d", str(folder), *sources],
        within=folder,
    )
    return [program, "-cp", f"{folder}:{jars}", name]


def java_sample(folder: Path) -> list[str]:
    """How the sample authority in Java is called; compiled in this folder, with no warning."""
    program, compiler = _program("java"), _program("javac")
    jars = ":".join(map(str, _jose_jars()))
    sources = sorted(map(str, SAMPLES.glob("*.java")))
    run(
        [compiler, "-Xlint:all", "-Werror", "-proc:none", "-cp", jars, "-d", str(folder), *sources],
        within=folder,
    )
    return [program, "-cp", f"{folder}:{jars}", "Inbox"]


def go(folder: Path) -> list[str]:
    """How the program in Go is called; built in this folder."""
    program = _program("go")
    built = folder / "open"
    run([program, "build", "-o", str(built), "."], within=HERE / "go")
    return [str(built)]


def jwcrypto(folder: Path) -> list[str]:
    """How the program with jwcrypto is called, in an environment of its own."""
    venv.create(folder / "venv", with_pip=True)
    python = str(folder / "venv" / "bin" / "python")
    run(
        [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", f"jwcrypto=={JWCRYPTO}"],
        within=folder,
    )
    return [python, str(HERE / "open.py")]


def run(command: list[str], *, within: Path) -> str:
    """What it prints; a failure shows what it said."""
    done = subprocess.run(command, cwd=within, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stderr}{done.stdout}"
    return done.stdout


@cache
def _jose_jars() -> list[Path]:
    return classpath(jars_folder().parent / "jose", wanted=[NIMBUS, TINK])


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"this machine has no {name}")
    return found
