"""Apache Kafka as one KRaft node: SCRAM-SHA-512 for clients, a password for the controller, deny by default."""

import base64
import hashlib
import json
import os
import secrets
import subprocess
import uuid
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
        self._refused = False

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
        self._probe, self._refused = None, False
        super().launch()

    def not_ready_yet(self) -> str:
        """As every part; where the broker refuses the administrator's password, that is the cause."""
        if not self._refused:
            return super().not_ready_yet()
        secrets_file = self._secrets_file
        return (
            said(
                de=f"{self.name} läuft und weist das Kennwort der Verwaltung aus {secrets_file} ab. Entweder gehört die Datei "
                "nicht zu diesen Daten, oder ein Login wurde gelöscht und Kafka hat dabei alle Kennwörter verloren: "
                "docs/troubleshooting.md sagt, wie sie neu gesetzt werden (»invalid credentials«).",
                en=f"{self.name} runs and refuses the administrator's password from {secrets_file}. Either the file does not "
                "belong to these data, or a login was deleted and Kafka lost all passwords with it: "
                'docs/troubleshooting.md says how to set them again ("invalid credentials").',
            )
            + f"\n{self.log_tail()}"
        )

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
        self._refused |= _REFUSED in error.str()

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

    @property
    def _secrets_file(self) -> Path:
        return self._folder / "secrets.json"

    def _secrets(self) -> dict[str, str]:
        path = self._secrets_file
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
