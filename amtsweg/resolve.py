"""`amtsweg resolve`: who is competent, for one inquiry or for a file of them."""

import asyncio
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from aiokafka.errors import KafkaError

from amtsweg.batch import BadRow, rows
from amtsweg.bus import known_address
from amtsweg.code_words import ROADS, UNVERIFIED
from amtsweg.directory.folder import open_directory
from amtsweg.directory.in_force import in_force
from amtsweg.directory.replay import as_of
from amtsweg.exit_status import MISTAKE
from amtsweg.input_words import reason
from amtsweg.language import language, said
from amtsweg.terminal import echo, echo_json, ended, json_line
from services.router.domain.cases.decision_words import decision_document
from services.router.domain.decision.explain import explain
from services.router.domain.decision.inquiry import FIELDS, BadInquiry, read_inquiry
from services.router.domain.decision.resolver import Resolver, Unverified
from services.router.domain.directory.model import Directory
from services.router.domain.directory.tables import BrokenDirectory
from services.router.domain.directory.versions import UnknownVersion
from shared.errors import Unavailable, Undecodable
from shared.events.competence import CompetenceDecision

_SHOWN = 12


def resolve(
    *,
    service: Annotated[str | None, typer.Option(help="LeiKa key, 14 digits")] = None,
    ars: Annotated[
        str | None, typer.Option(help="Regionalschlüssel, 12 digits or shortened to 2, 3, 5, 9")
    ] = None,
    ags: Annotated[str | None, typer.Option(help="Gemeindeschlüssel, 8 digits")] = None,
    plz: Annotated[str | None, typer.Option(help="postcode")] = None,
    town: Annotated[str | None, typer.Option(help="town or locality beside the postcode")] = None,
    on: Annotated[str | None, typer.Option(help="the day, YYYY-MM-DD; today if left out")] = None,
    choice: Annotated[str | None, typer.Option(help="the authority that the applicant chose")] = None,
    road: Annotated[str | None, typer.Option(help=f"class of the road: {', '.join(ROADS)}")] = None,
    batch: Annotated[
        Path | None, typer.Option(help="JSON lines, one inquiry each; - for standard input")
    ] = None,
    directory: Annotated[Path | None, typer.Option(help="folder of another directory")] = None,
    version: Annotated[
        str | None,
        typer.Option("--as-of", help="the directory's version, as in a decision; its beginning does"),
    ] = None,
    archive: Annotated[
        Path | None, typer.Option(help="folder of exported versions, for --as-of without Kafka")
    ] = None,
    unverified: Annotated[
        Unverified, typer.Option(help=f"what to do with unchecked competence: {', '.join(UNVERIFIED)}")
    ] = "answer",
    offline: Annotated[
        bool, typer.Option("--offline", help="answer by files, even where a system is running")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="the whole decision as JSON")] = False,
) -> None:
    """Say which authority is competent for a service, a place and a day; by the running system's directory, if one runs."""
    fields = {
        "service": service,
        "ars": ars,
        "ags": ags,
        "plz": plz,
        "town": town,
        "on": on,
        "choice": choice,
        "road": road,
    }
    try:
        inquiry = read_inquiry(fields, today=today()) if batch is None else None
        loaded = (
            _directory(directory, offline=offline)
            if version is None
            else as_of(version, folder=directory, archive=archive)
        )
        if inquiry is None:
            raise typer.Exit(_run_batch(batch or Path(), directory=loaded, unverified=unverified))
        decision = Resolver(loaded).resolve(inquiry, unverified=unverified)
    except BrokenPipeError:
        raise  # the reader has enough: no mistake
    except (ConnectionError, TimeoutError):
        raise  # a server is away, which is said alike in every command
    except (BadInquiry, BrokenDirectory, OSError, Undecodable, UnknownVersion) as error:
        raise ended(f"amtsweg resolve: {reason(error)}", MISTAKE) from error
    if as_json:
        echo_json(decision_document(decision, language()).model_dump(mode="json", by_alias=True))
    else:
        echo(explain(decision, directory=loaded, language=language()))


def _directory(folder: Path | None, *, offline: bool) -> Directory:
    """The directory in force in the running system, else the one of the files; which of them is told beside the answer."""
    address = None if offline or folder is not None else known_address()
    if address is None:
        loaded = open_directory(folder)
        where = said(de="aus Dateien", en="from files")
    else:
        try:
            loaded = asyncio.run(in_force(address))
        except (KafkaError, Unavailable):
            hint = said(
                de="Das laufende System antwortet nicht; --offline antwortet aus Dateien.",
                en="The running system does not answer; --offline answers from files.",
            )
            echo(hint, err=True)
            raise
        where = said(de="in Kraft im laufenden System", en="in force in the running system")
    word = said(de="Verzeichnis", en="directory")
    echo(f"{word} {loaded.version[:_SHOWN]}: {where}", err=True)
    return loaded


def today() -> date:
    """The calendar day in Hessen."""
    return datetime.now(ZoneInfo("Europe/Berlin")).date()


def _run_batch(path: Path, *, directory: Directory, unverified: Unverified) -> int:
    """One result a line, in order; 1 if any line could not be read, else 0."""
    failed = 0
    for result in answers(path, directory=directory, unverified=unverified):
        failed |= "error" in result
        sys.stdout.buffer.write(f"{json_line(result)}\n".encode())
    return failed


def answers(
    path: Path, *, directory: Directory, unverified: Unverified = "answer"
) -> Iterator[dict[str, Any]]:
    """For every line of the file its decision in short, or an error that names line and field."""
    day, resolver = today(), Resolver(directory)
    for row in rows(path):
        try:
            decision = resolver.resolve(read_inquiry(row.only(FIELDS), today=day), unverified=unverified)
            yield {"id": row.id, **_short(decision)}
        except (BadInquiry, BadRow) as error:
            yield {"id": row.id, "outcome": "error", "error": row.problem(error)}


def _short(decision: CompetenceDecision) -> dict[str, Any]:
    return {
        "outcome": decision.outcome,
        "authority": decision.authority,
        "reason": decision.reason,
        "candidates": [candidate.authority for candidate in decision.candidates],
        "rule": decision.rule,
        "verified": decision.verified,
        "onBehalfOf": decision.on_behalf_of,
        "dependsOn": decision.depends_on,
        "directoryVersion": decision.directory_version,
    }
