"""Apache Kafka as one KRaft node: SCRAM-SHA-512 for clients, a password for the controller, deny by default."""

import base64
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import time
import uuid
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from amtsweg.language import said
from amtsweg.stack import binaries, endpoints, jars, ports
from amtsweg.stack.endpoints import KafkaEndpoint
from amtsweg.stack.errors import PartFailedError
from amtsweg.stack.kafka_settings import ADMIN, CONTROLLER, BrokerNode, format_arguments, properties
from amtsweg.stack.process import Command, Part
from amtsweg.stack.provision.logins import write_secret
from shared.bounded_files import read_bounded_text

_LOGGING = """\
status = warn
shutdownHook = disable
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %-5p %c{1} %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
"""

# The broker shares a few cores with all the rest: in its first minutes the thorough compiler alone would take a
# third of one, and the collector's helpers have nothing to gain on so small a heap.
_FRUGAL = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")

# The heap grows when it must and shrinks again: 210 MB in all instead of 286 with 600 topics (PSS), at the same speed.
_SMALL_HEAP = ("-Xms48m", "-XX:MinHeapFreeRatio=10", "-XX:MaxHeapFreeRatio=30")


_REFUSED = "invalid credentials"
"""What a broker says of a name that it does not know, and of a wrong password."""

_REFUSES = 3
"""So many refusals in one start are no accident of a moment."""

_THREADS_TOLD_S = 1.0
_TRACES = "refused-"
_METADATA = "__cluster_metadata-0"


class BrokerRefusedEverybody(UserWarning):
    """A broker had to be started once more; an operator does the same (docs/troubleshooting.md)."""


class Kafka(Part):
    # 900 topics after a kill -9: the logs are recovered before the broker answers. On two cores that twenty others want,
    # 300 topics were seen to take 64 s.
    start_within_s: float = 180.0
    stop_within_s: float = 30.0

    def __init__(
        self,
        var: Path,
        *,
        port: int,
        controller_port: int,
        heap_mb: int = 768,
        cluster_id: str | None = None,
    ) -> None:
        """Without ``cluster_id`` it is a cluster of its own."""
        super().__init__("kafka", var=var, port=port)
        self.controller_port = controller_port
        self._cluster_id = cluster_id
        self._heap_mb = heap_mb
        self._folder = var / "kafka"
        self._probe: AdminClient | None = None
        self._refusals = 0

    @property
    def bootstrap(self) -> str:
        return f"{ports.LOOPBACK}:{self.port}"

    @property
    def endpoint(self) -> KafkaEndpoint:
        """How the super user reaches it."""
        return KafkaEndpoint(bootstrap=self.bootstrap, username=ADMIN, password=self._secrets()[ADMIN])

    def prepare(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._secrets()
        self._write_settings()
        if not (self._folder / "data" / "meta.properties").exists():
            self._format()

    def command(self) -> Command:
        return self._java(
            f"-Xmx{self._heap_mb}m",
            "-XX:+ExitOnOutOfMemoryError",
            *_SMALL_HEAP,
            *_FRUGAL,
            *_sharing(_class_archive()),
            "kafka.Kafka",
            str(self._folder / "server.properties"),
        )

    def launch(self) -> None:
        self._probe, self._refusals = None, 0
        super().launch()

    def wait_until_ready(self) -> None:
        """As every part; a broker that refuses the password that its own metadata holds is started once more.

        That is seen where a login was deleted (docs/troubleshooting.md), and was once mended by a second start. What it can be
        found by is kept: where each of its threads stood, and its metadata. A broker that is merely slow refuses nobody, and
        a connection that breaks while it signs in is no refusal.
        """
        try:
            super().wait_until_ready()
        except PartFailedError as failed:
            if self._refusals < _REFUSES or not self.running:
                raise
            kept = self._keep_traces()
            told = (
                f"{self.name} REFUSES EVERY PASSWORD although it has them ({self._refusals} times); it is started once more. "
                f"Its threads are told above in this log, its metadata is kept in {kept}: send both with a report. {failed}\n"
            )
            with self.log.open("a") as log:
                log.write(told)
            warnings.warn(told, BrokerRefusedEverybody, stacklevel=2)
            self.kill()
            self.launch()
            super().wait_until_ready()

    def traces(self) -> Iterator[Path]:
        """What was kept of starts in which the broker refused everybody."""
        return self._folder.glob(f"{_TRACES}*")

    def _keep_traces(self) -> Path:
        """Have the broker write where its threads stand, and copy its metadata; return where."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGQUIT)
            time.sleep(_THREADS_TOLD_S)
        kept = self._folder / f"{_TRACES}{datetime.now(UTC):%Y%m%dT%H%M%S}"
        shutil.copytree(self._folder / "data" / _METADATA, kept, dirs_exist_ok=True)
        return kept

    def ready(self) -> bool:
        """An open port is not readiness: ask for the metadata, with the password."""
        if self._probe is None:
            if not ports.answers(self.port):
                return False
            told: dict[str, Any] = {
                **self.endpoint.client(),
                "error_cb": self._note,
                "reconnect.backoff.max.ms": 1000,
            }
            self._probe = AdminClient(told, logger=endpoints.SILENT)
        try:
            return bool(self._probe.list_topics(timeout=0.5).brokers)
        except KafkaException:
            self._probe.poll(0)  # has the error told
            return False

    def _note(self, error: KafkaError) -> None:
        # librdkafka reports whatever breaks while it signs in as a failed authentication; a refusal is in words only.
        self._refusals += _REFUSED in error.str()

    def _java(self, *arguments: str) -> Command:
        return Command(
            arguments=[
                binaries.java(),
                "-Xshare:auto",
                "-Djava.awt.headless=true",
                f"-Dlog4j2.configurationFile={self._folder / 'log4j2.properties'}",
                "-cp",
                ":".join(map(str, jars.classpath())),
                *arguments,
            ],
            folder=self._folder,
        )

    def _secrets(self) -> dict[str, str]:
        path = self._folder / "secrets.json"
        if not path.exists():
            write_secret(path, json.dumps({name: secrets.token_urlsafe(24) for name in (ADMIN, CONTROLLER)}))
        kept: dict[str, str] = json.loads(read_bounded_text(path))
        return kept

    def _write_settings(self) -> None:
        node = BrokerNode(
            listens=self.bootstrap,
            advertised=self.bootstrap,
            controller=f"{ports.LOOPBACK}:{self.controller_port}",
            data=self._folder / "data",
            passwords=self._secrets(),
        )
        write_secret(self._folder / "server.properties", properties(node))
        (self._folder / "log4j2.properties").write_text(_LOGGING)

    def _format(self) -> None:
        """Make the cluster, with the super user in its first metadata record: there is no moment without a password."""
        cluster = self._cluster_id or base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        arguments = self._folder / "format-arguments"
        write_secret(arguments, format_arguments(self._secrets()[ADMIN]))
        archive = _class_archive()
        new = archive.with_suffix(f".{os.getpid()}")
        command = self._java(
            *(_sharing(archive) or (f"-XX:ArchiveClassesAtExit={new}",)),
            *_FRUGAL, "kafka.tools.StorageTool", "format",
            "--config", str(self._folder / "server.properties"), f"--cluster-id={cluster}", f"@{arguments}",
        )  # fmt: skip
        run = subprocess.run(command.arguments, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 -- Java and our own arguments
        if run.returncode != 0:
            raise PartFailedError(
                said(
                    de=f"Kafkas Speicher in {self._folder} ließ sich nicht anlegen:",
                    en=f"Kafka's storage could not be formatted in {self._folder}:",
                )
                + f"\n{run.stdout}{run.stderr}"
            )
        if new.exists():
            new.replace(archive)


def _class_archive() -> Path:
    """Where this Java keeps Kafka's classes in a form that loads fast: a start takes half the work.

    The first formatting makes it; a Java that cannot goes on without.
    """
    build = hashlib.sha256(binaries.java_build(binaries.java()).encode()).hexdigest()[:12]
    return jars.jars_folder() / f"classes-{build}.jsa"


def _sharing(archive: Path) -> tuple[str, ...]:
    return (f"-XX:SharedArchiveFile={archive}",) if archive.exists() else ()
