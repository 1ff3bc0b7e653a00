"""Apache Kafka's jars, exactly those of kafka-jars.txt, in a cache folder.

The list pins coordinates and SHA-256. Maven fetches them where it is installed, because it knows the house's
mirrors and proxies; otherwise the Python package jgo does. Whatever fetched them, only what matches is used.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from amtsweg.language import said
from amtsweg.stack.errors import MissingPartError
from shared.bounded_files import read_bounded_text

LOCK = Path(__file__).with_name("kafka-jars.txt")
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_FETCH_WITHIN_S = 300


@dataclass(frozen=True, slots=True, order=True)
class Jar:
    """One pinned artifact; `sha256` in hexadecimal."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        return f"{self.artifact}-{self.version}.jar"

    @property
    def coordinate(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"

    def is_in(self, folder: Path) -> bool:
        path = folder / self.file
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256


def pinned(lock: Path = LOCK) -> list[Jar]:
    """The jars of the lock file, whose lines read `group:artifact:version sha256:hex`."""
    jars = []
    for line in read_bounded_text(lock).splitlines():
        coordinate, _, digest = line.partition(" sha256:")
        group, artifact, version = coordinate.split(":")
        jars.append(Jar(group=group, artifact=artifact, version=version, sha256=digest))
    return jars


def jars_folder() -> Path:
    """Below `AMTSWEG_CACHE`, else below the user's cache folder."""
    chosen = os.environ.get("AMTSWEG_CACHE")
    return (Path(chosen) if chosen else platformdirs.user_cache_path("amtsweg")) / "kafka"


JarFetcher = Callable[[list[Jar], Path], None]
"""Brings jars into a folder; raises whatever it likes if it cannot."""


def classpath(
    folder: Path | None = None,
    *,
    wanted: Sequence[Jar] | None = None,
    fetchers: Sequence[JarFetcher] | None = None,
) -> list[Path]:
    """Paths of all jars, fetched if need be.

    Raises:
        MissingPartError: some could not be got; the text names them, what was tried, and the way to get them.
    """
    folder = folder or jars_folder()
    jars = pinned() if wanted is None else wanted
    if lacking := _lacking(folder, jars):
        _fill(folder, lacking, fetchers=_fetchers() if fetchers is None else fetchers)
    return [folder / jar.file for jar in jars]


def fetch_with_maven(jars: list[Jar], folder: Path) -> None:
    """Copy exactly `jars` into `folder`, nothing that they depend on."""
    program = shutil.which("mvn")
    if program is None:
        raise MissingPartError(said(de="mvn ist nicht im Suchpfad", en="mvn is not on the path"))
    project = folder / "pom.xml"
    project.write_text(_project(jars))
    run = subprocess.run(  # noqa: S603 -- mvn from the user's path, arguments are ours
        [program, "--batch-mode", "--quiet", "--file", project, _COPY, "-DexcludeTransitive", f"-DoutputDirectory={folder}"],
        capture_output=True, text=True, timeout=_FETCH_WITHIN_S, check=False,
    )  # fmt: skip
    if run.returncode != 0:
        raise MissingPartError(f"mvn: {_first_error(run.stdout + run.stderr)}")


def fetch_with_jgo(jars: list[Jar], folder: Path) -> None:
    """Download `jars` into `folder`, a few at a time."""
    from jgo.maven import MavenContext  # noqa: PLC0415 -- slow to import, needed once per machine

    context = MavenContext(repo_cache=folder / "repository", timeout=30)

    def fetch(jar: Jar) -> None:
        found = context.create_dependency(jar.coordinate).artifact.resolve()
        shutil.move(found, folder / jar.file)

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(fetch, jar) for jar in jars]:
            done.result()


def _lacking(folder: Path, jars: Sequence[Jar]) -> list[Jar]:
    return [jar for jar in jars if not jar.is_in(folder)]


def _fetchers() -> Sequence[JarFetcher]:
    return (fetch_with_maven, fetch_with_jgo) if shutil.which("mvn") else (fetch_with_jgo,)


def _fill(folder: Path, lacking: list[Jar], *, fetchers: Sequence[JarFetcher]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    failures: list[str] = []
    for fetcher in fetchers:
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            arrived = Path(temporary)
            try:
                fetcher(lacking, arrived)
            except Exception as error:  # noqa: BLE001 -- whatever failed, the next way is tried and all are told
                failures.append(f"{fetcher.__name__}: {error}")
            for jar in lacking:
                if jar.is_in(arrived):
                    # Moved one by one: two processes that fetch at once, or a crash here, leave whole jars only.
                    (arrived / jar.file).replace(folder / jar.file)
        lacking = _lacking(folder, lacking)
        if not lacking:
            return
    raise MissingPartError(_what_is_missing(folder, lacking, failures))


def _what_is_missing(folder: Path, lacking: Sequence[Jar], failures: Sequence[str]) -> str:
    names = "\n".join(f"  {jar.coordinate}" for jar in lacking[:5])
    count, others = len(lacking), len(lacking) - 5
    more = said(de=f"\n  und {others} weitere", en=f"\n  and {others} more") if others > 0 else ""
    tried = "\n".join(f"  {failure}" for failure in failures) or said(
        de="  was ankam, hat andere Prüfsummen als festgelegt (checksum)",
        en="  what arrived has other checksums than pinned",
    )
    return said(
        de=f"Apache Kafka ist unvollständig: Es fehlen {count} Jars von Maven Central.\n{names}{more}\n"
        f"Versucht wurde:\n{tried}\n"
        "So kommen sie: dies einmal mit Zugang zu Maven Central aufrufen (ein Proxy kommt aus HTTPS_PROXY, Zertifikate des "
        "eigenen Hauses aus der Datei REQUESTS_CA_BUNDLE; ein Spiegel aus Mavens settings.xml, wenn mvn installiert ist), "
        f"oder den Ordner {folder} von einer Maschine kopieren, die ihn hat.",
        en=f"Apache Kafka is incomplete: {count} jars of Maven Central are missing.\n{names}{more}\n"
        f"What was tried:\n{tried}\n"
        "To get them: run this once with access to Maven Central (a proxy is taken from HTTPS_PROXY, certificates of your own "
        "house from the file REQUESTS_CA_BUNDLE; a mirror from Maven's settings.xml, if mvn is installed), "
        f"or copy the folder {folder} from a machine that has it.",
    )


def _project(jars: Sequence[Jar]) -> str:
    dependencies = "".join(
        f"<dependency><groupId>{jar.group}</groupId><artifactId>{jar.artifact}</artifactId><version>{jar.version}</version></dependency>"
        for jar in jars
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>amtsweg</groupId>'
        "<artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>"
        f"<dependencies>{dependencies}</dependencies></project>"
    )


def _first_error(output: str) -> str:
    lines = [line for line in output.splitlines() if "ERROR" in line]
    return lines[0] if lines else "failed without a word"
