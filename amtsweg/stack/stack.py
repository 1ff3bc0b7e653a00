"""The whole stack as an object: servers, set-up, services; start, tend, stop."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from amtsweg.directory.folder import shipped
from amtsweg.language import said
from amtsweg.stack import pidfiles, ports, servers, setup, witness
from amtsweg.stack.description import StackDescription
from amtsweg.stack.issuer.part import IssuerPart
from amtsweg.stack.kafka import Kafka
from amtsweg.stack.process import Part
from amtsweg.stack.provision.keys import Keyring
from amtsweg.stack.provision.logins import write_secret
from amtsweg.stack.service import ServiceProcess
from amtsweg.stack.services import PAGES, WANTED_PORTS, ServiceEnvironment, environments
from amtsweg.stack.supervised import SupervisedProcess
from amtsweg.stack.witness import Witness

WITNESSES = {"witness-1": 8085, "witness-2": 8086}
"""The log's witnesses and the ports they get where these are free. All of them must cosign."""

ISSUER_PORT = 8089

PartState = Literal["starting", "ready", "restarted", "stopping", "failed"]


@dataclass(frozen=True, slots=True)
class StartStep:
    """Something that a person who waits wants to see; `detail` is an address or a text."""

    part: str
    state: PartState
    detail: str = ""


Report = Callable[[StartStep], None]


class Stack:
    """Everything below `var`: `start`, then `tend` again and again, then `stop`, all in one thread."""

    def __init__(self, var: Path, *, report: Report = lambda _: None) -> None:
        self.var = var.resolve()
        self.servers = servers.choose(self.var, os.environ)
        self.services: dict[str, ServiceProcess] = {}
        self.witnesses: dict[str, Witness] = {}
        self.issuers: dict[str, IssuerPart] = {}
        self._report = report

    @property
    def tended(self) -> dict[str, SupervisedProcess]:
        """The parts that are started again when they end, by name."""
        return {**self.witnesses, **self.issuers, **self.services}

    def start(self) -> StackDescription:
        """Start everything and write stack.json; raises StackError, and leaves nothing running then."""
        self.var.mkdir(parents=True, exist_ok=True)
        pidfiles.end_orphans(self.var / "run")
        try:
            return self._start()
        except BaseException:
            self.stop()
            raise

    def tend(self) -> None:
        """Start services and witnesses that have ended again; raises PartFailedError if a server has ended."""
        for part in self.servers.parts:
            if not part.running:
                raise part.ended()
        for part in self.tended.values():
            if part.tend():
                self._report(
                    StartStep(part.name, "restarted", said(de=f"siehe {part.log}", en=f"see {part.log}"))
                )

    def stop(self) -> None:
        """End everything, services first: what they have begun they end on running servers."""
        StackDescription.path(self.var).unlink(missing_ok=True)
        for together in (tuple(self.tended.values()), self.servers.parts):
            for part in together:
                part.terminate()
            for part in together:
                part.stop()

    def _start(self) -> StackDescription:
        self._launch(self.servers.parts)
        made = setup.make_secrets(self.var / "keys")
        self._make_witnesses(made.keys)
        # Kafka takes longest; meanwhile the others are made ready.
        self._wait_for(part for part in self.servers.parts if not isinstance(part, Kafka))
        setup.provision_postgres(self.servers.postgres_endpoint, made)
        self._wait_for(part for part in self.servers.parts if isinstance(part, Kafka))
        setup.prepare_kafka(self.servers.kafka_endpoint, made)
        http = {name: ports.free_port(wanted) for name, wanted in WANTED_PORTS.items()}
        around = ServiceEnvironment(
            var=self.var,
            directory=shipped(),
            kafka=self.servers.kafka_endpoint,
            postgres=self.servers.postgres_endpoint,
            redis_url=self.servers.redis_url,
            smtp_port=self.servers.mail.port,
            mailbox_port=self.servers.mail.mailbox_port,
            bounce_port=ports.free_port(2526),
            platforms=[client.id for client in made.clients if client.kind == "platform"],
            keys=made.keys,
            log_origin=setup.LOG_ORIGIN,
            http=http,
            issuer=self._make_issuer(made, http=http),
        )
        around.letters.mkdir(exist_ok=True, mode=0o700)
        for name, environment in environments(around).items():
            self.services[name] = ServiceProcess(
                name, var=self.var, environment=environment, port=around.http[name]
            )
        self._launch(self.services.values())
        setup.admit_authorities(self.servers.kafka_endpoint, made)
        self._wait_for(self.tended.values())
        description = setup.describe(around, made=made)
        description.write(self.var)
        return description

    def _make_issuer(self, made: setup.SetupSecrets, *, http: Mapping[str, int]) -> str:
        issuer = IssuerPart(
            var=self.var,
            port=ports.free_port(ISSUER_PORT),
            secrets=made.sign_in_secrets,
            urls={name: f"http://{ports.LOOPBACK}:{http[name]}" for name in PAGES},
        )
        self.issuers[issuer.name] = issuer
        self._launch([issuer])
        return issuer.url

    def _make_witnesses(self, keys: Keyring) -> None:
        for name, wanted in WITNESSES.items():
            self.witnesses[name] = Witness(
                name,
                var=self.var,
                port=ports.free_port(wanted),
                origin=setup.LOG_ORIGIN,
                log_key=keys.log_verifier(),
            )
        self._launch(self.witnesses.values())
        made = list(self.witnesses.values())
        write_secret(keys.policy, witness.policy(made, threshold=len(made), log_keys=keys.log_verifiers()))

    def _launch(self, parts: Iterable[Part]) -> None:
        for part in parts:
            self._report(StartStep(part.name, "starting"))
            part.launch()

    def _wait_for(self, parts: Iterable[Part]) -> None:
        for part in parts:
            part.wait_until_ready()
            self._report(StartStep(part.name, "ready", f"{ports.LOOPBACK}:{part.port}"))
