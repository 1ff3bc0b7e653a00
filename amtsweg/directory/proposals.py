"""`amtsweg directory proposals`: what the clearing desk's decisions suggest for the directory."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Column, Table

from amtsweg.bus import operator_address
from amtsweg.directory import published
from amtsweg.directory.assignment_proposals import assignments
from amtsweg.directory.proposal import Tables, nothing_published
from amtsweg.exit_status import ANSWERED_NO, MISTAKE
from amtsweg.language import language, said
from amtsweg.new_file import require_free
from amtsweg.parked_words import in_words
from amtsweg.terminal import echo, echo_json, ended, json_line, plain_console, printable
from services.router.adapters.directory_files import write
from services.router.domain.decision.proposal_draft import Skeleton, skeleton
from services.router.domain.decision.proposals import DeskProposal, is_settled, proposals
from services.router.domain.decision.resolver import Resolver
from services.router.domain.directory.model import Directory
from services.router.domain.directory.versions import Version
from shared.events.competence import Place
from shared.local_time import local_time

commands = typer.Typer(
    no_args_is_help=True, help="Was Zuweisungen der Klärungsstelle dem Verzeichnis nahelegen."
)

_DAYS: Final = 90

Since = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="ab welchem Tag; sonst 90 Tage zurück")
]


@commands.command("list")
def list_proposals(
    since: Since = None,
    *,
    settled: Annotated[
        bool, typer.Option("--settled", help="auch, was das Verzeichnis inzwischen weiß")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="eine Zeile JSON je Vorschlag")] = False,
) -> None:
    """Alle Vorschläge; was das Verzeichnis inzwischen selbst so entscheidet, fehlt."""
    version = _newest()
    directory = Tables.of_version(version).directory()
    resolver = Resolver(directory)
    found = [each for each in _proposals(since) if settled or not is_settled(each, resolver=resolver)]
    if as_json:
        for each in found:
            echo(json_line(each.to_json()))
        return
    if not found:
        echo(said(de="Es gibt keine Vorschläge.", en="There are no proposals."))
        return
    plain_console().print(_table(found, directory))


@commands.command("show")
def show_proposal(
    proposal: Annotated[str, typer.Argument(help="Nummer des Vorschlags, wie in der Liste")],
    since: Since = None,
    output: Annotated[
        Path | None, typer.Option(help="Ordner für den Entwurf; er darf noch nicht da sein")
    ] = None,
) -> None:
    """Ein Vorschlag als JSON, mit den Zeilen, die ins Verzeichnis kämen.

    Mit --output liegt der Entwurf als Ordner bereit: leere Felder ergänzen, dann `amtsweg directory preview ORDNER`.
    """
    if output is not None:
        require_free(output)
    found = next((each for each in _proposals(since) if each.id == proposal), None)
    if found is None:
        raise ended(
            said(
                de=f"{proposal} gibt es nicht. `amtsweg directory proposals list` zeigt alle.",
                en=f"{proposal} does not exist. `amtsweg directory proposals list` shows all.",
            ),
            ANSWERED_NO,
        )
    version = _newest()
    draft = skeleton(found, directory=Tables.of_version(version).directory())
    shown = found.to_json() | {
        "change": draft.lines,
        "remark": draft.remark[language()],
        "parent": version.id,
    }
    echo_json(shown)
    if output is not None:
        _write(draft, version=version, folder=output)


def _write(draft: Skeleton, *, version: Version, folder: Path) -> None:
    changed: Mapping[str, str] = draft.over(version.tables)
    if not changed:
        raise ended(draft.remark[language()], ANSWERED_NO)
    write(replace(version, tables=changed), folder)


def _newest() -> Version:
    """The version that a change would start from."""
    versions = asyncio.run(published.read(operator_address())).versions
    if not versions.published:
        raise ended(nothing_published(), MISTAKE)
    return versions.newest


def _proposals(since: datetime | None) -> list[DeskProposal]:
    first = since.astimezone(UTC) if since else datetime.now(UTC) - timedelta(days=_DAYS)
    return proposals(asyncio.run(assignments(operator_address(), since=first)))


def _table(found: list[DeskProposal], directory: Directory) -> Table:
    number, authority = (
        Column(said(de="Nummer", en="Number"), no_wrap=True),
        Column(said(de="zugewiesen an", en="assigned to"), no_wrap=True),
    )
    table = Table(
        number,
        said(de="Leistung", en="Service"),
        said(de="Ort", en="Place"),
        said(de="Grund", en="Reason"),
        authority,
        said(de="wie oft", en="how often"),
        said(de="zuletzt", en="last"),
    )
    for each in found:
        decision, reason = each.last.decision, str(each.last.decision.reason)
        table.add_row(
            each.id,
            directory.services.get(decision.inquiry.service, decision.inquiry.service),
            printable(_place(decision.inquiry.place)),
            in_words(reason),
            each.last.authority,
            str(len(each.assigned)),
            local_time(each.last.at, language()),
        )
    return table


def _place(place: Place | None) -> str:
    return "" if place is None else " ".join(filter(None, (place.ars, place.ags, place.plz, place.town)))
