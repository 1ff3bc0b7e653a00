"""The local issuer as a part of the stack, and what it is told."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from amtsweg.stack import ports
from amtsweg.stack.issuer.description import PERSONS, IssuerClient, IssuerDescription, SamplePerson
from amtsweg.stack.process import Command
from amtsweg.stack.provision.logins import write_secret
from amtsweg.stack.services import PAGES
from amtsweg.stack.supervised import SupervisedProcess


class IssuerPart(SupervisedProcess):
    """`secrets` are the clients' (the processes that serve pages), `urls` how browsers reach them."""

    health = "/healthz"

    def __init__(
        self,
        *,
        var: Path,
        port: int,
        secrets: Mapping[str, str],
        urls: Mapping[str, str],
        persons: Sequence[SamplePerson] = PERSONS,
    ) -> None:
        super().__init__("issuer", var=var, port=port)
        self._file = var / "issuer" / "description.json"
        self._told = IssuerDescription(
            host=ports.LOOPBACK,
            port=port,
            persons=tuple(persons),
            clients={
                name: IssuerClient(
                    secret=secrets[name],
                    redirect_uris=(f"{urls[name]}{page}/signed-in",),
                    post_logout_redirect_uris=(f"{urls[name]}{page}/",),
                )
                for name, page in PAGES.items()
            },
        )

    @property
    def url(self) -> str:
        return self._told.issuer

    def prepare(self) -> None:
        write_secret(self._file, self._told.model_dump_json(by_alias=True))

    def command(self) -> Command:
        return Command(arguments=[sys.executable, "-m", "amtsweg.stack.issuer", self._file.absolute()])
