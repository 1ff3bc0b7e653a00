"""A client of the audit API: the auditor's token, and a purpose and a reference for every look."""

import json
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPResponse
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import quote, urlencode
from urllib.request import Request

import typer

from amtsweg.exit_status import ANSWERED_NO, UNDECIDED
from amtsweg.language import language, said
from amtsweg.named_file import text_in
from amtsweg.servers_asked import asking
from amtsweg.stack.description import StackDescription
from amtsweg.terminal import echo
from shared.bounded_files import SMALL
from shared.errors import Unavailable
from shared.web.unredirected import open_unredirected

PurposeOption = Annotated[str, typer.Option(help="Zweck der Einsicht; er steht danach im Protokoll")]
ReferenceOption = Annotated[str, typer.Option(help="Aktenzeichen der Prüfung")]
TokenOption = Annotated[
    Path | None, typer.Option(help="Datei mit dem Token; sonst das des Stapels", exists=True, dir_okay=False)
]

_TIMEOUT_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditClient:
    """Where to ask, and what accounts for the asking."""

    url: str
    token: str = field(repr=False)
    purpose: str
    reference: str

    @classmethod
    def of(cls, url: str | None, token_file: Path | None, *, purpose: str, reference: str) -> Self:
        """What is not given is taken from the running stack."""
        if url is None or token_file is None:
            stack = StackDescription.read()
            url, token = url or stack.urls.audit, stack.auditor.token
        if token_file is not None:
            token = text_in(token_file).strip()
        return cls(url=url.rstrip("/"), token=token, purpose=purpose, reference=reference)

    def get(self, path: str, **parameters: str) -> bytes:
        """The answer; a refusal ends the command with its reason."""
        with self.open(path, **parameters) as answer:
            return answer.read()

    @contextmanager
    def open(self, path: str, **parameters: str) -> Iterator[HTTPResponse]:
        """The same as a stream."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        request = Request(  # noqa: S310 - the option has looked at the scheme
            f"{self.url}{path}{query}",
            headers={
                "Accept-Language": language(),
                "Authorization": f"Bearer {self.token}",
                "Amtsweg-Purpose": quote(self.purpose),
                "Amtsweg-Reference": quote(self.reference),
            },
        )
        asking(said(de="die Prüfstelle", en="the audit service"), self.url)
        try:
            with open_unredirected(request, timeout=_TIMEOUT_SECONDS) as answer:
                yield answer
        except urllib.error.HTTPError as refused:
            raise _end(_problem(refused.read(SMALL)), status=refused.code) from None
        except urllib.error.URLError as away:
            raise Unavailable(f"{self.url} ({away.reason})") from away


def _problem(body: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(body))
    except ValueError:
        return {
            "detail": said(
                de="Die Prüfstelle hat keinen Grund genannt.", en="The audit service has named no reason."
            )
        }


def _end(problem: dict[str, Any], *, status: int) -> typer.Exit:
    echo(said(de=f"FEHLER: {problem.get('detail')}", en=f"ERROR: {problem.get('detail')}"), err=True)
    if "resolution" in problem:
        echo(f"        {problem['resolution']}", err=True)
    return typer.Exit(UNDECIDED if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ANSWERED_NO)
