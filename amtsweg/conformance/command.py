"""`amtsweg authority check`: what the command is told, and what it says."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import httpx
import typer
from aiokafka.errors import KafkaError
from rich.table import Column, Table

from amtsweg.access_store import access
from amtsweg.authority_access import AuthorityArgument, KeyFolder, ways_in
from amtsweg.authority_way_in import installed_urls, super_user
from amtsweg.conformance.destination import leading_to
from amtsweg.conformance.run import Checked, CheckWay, check
from amtsweg.conformance.steps import STEPS, StepName
from amtsweg.directory.in_force import in_force
from amtsweg.language import language, said
from amtsweg.stack.errors import AwayError, StackError, WrongCallError
from amtsweg.stack.provision.sandbox import SandboxFiles, enter_sandbox
from amtsweg.terminal import echo, plain_console
from shared.access import registration
from shared.errors import Unavailable
from shared.events.competence import Inquiry, Place

PATIENCE_SECONDS: Final = 60.0
_LOCAL: Final = ZoneInfo("Europe/Berlin")


def check_authority(
    authority: AuthorityArgument,
    *,
    within: Annotated[
        float,
        typer.Option(min=1, max=3600, help="so viele Sekunden wird auf jeden nächsten Schritt gewartet"),
    ] = PATIENCE_SECONDS,
    service: Annotated[
        str | None, typer.Option(help="Leistung (LeiKa), sonst eine aus dem Verzeichnis")
    ] = None,
    ags: Annotated[str | None, typer.Option(help="Gemeindeschlüssel dazu")] = None,
    folder: KeyFolder = None,
) -> None:
    """Mit dem laufenden Client der Behörde einen Prüffall durchspielen; endet mit 1, wenn ein Schritt fehlt."""
    address = super_user().address()
    try:
        inquiry = _inquiry(service, ags) or leading_to(
            authority, directory=asyncio.run(in_force(address)), on=datetime.now(_LOCAL).date()
        )
        if inquiry is None:
            raise WrongCallError(
                said(
                    de=f"{authority}: Im Verzeichnis, das heute gilt, führt keine Leistung dorthin. --service und --ags nennen.",
                    en=f"{authority}: in the directory of today no service leads there. Name --service and --ags.",
                )
            )
        _has_access(authority)
        files = SandboxFiles.of(ways_in(folder).keyring)
        access(lambda connection: enter_sandbox(connection, files))
        way = CheckWay(installed_urls()["intake"], files, address)
        echo(
            said(
                de=f"Prüffall für {authority}: Leistung {inquiry.service}. Der Client der Behörde muss laufen.",
                en=f"Test case for {authority}: service {inquiry.service}. The authority's client has to run.",
            )
        )
        outcome = asyncio.run(check(authority, inquiry, way=way, patience=within, told=_told))
    except (httpx.HTTPError, KafkaError, Unavailable) as away:
        raise AwayError(said(de=f"Die Prüfung brach ab: {away}", en=f"the check broke off: {away}")) from away
    show(outcome)
    raise typer.Exit(1 if outcome.missing else 0)


def _inquiry(service: str | None, ags: str | None) -> Inquiry | None:
    if service is None or ags is None:
        return None
    return Inquiry(service=service, place=Place(ags=ags), on=datetime.now(UTC).date())


def _has_access(authority: str) -> None:
    if any(authority in row["authorities"] for row in access(registration.everybody)):
        return
    raise StackError(
        said(
            de=f"{authority} hat keinen Zugang: amtsweg authority add {authority}",
            en=f"{authority} has no access: amtsweg authority add {authority}",
        )
    )


def _told(name: StepName, seconds: float) -> None:
    step = next(each for each in STEPS if each.name == name)
    echo(f"{seconds:6.1f} s  {_in_language(step.shown)}")


def show(outcome: Checked) -> None:
    table = Table(
        Column(said(de="Schritt", en="step"), no_wrap=True),
        Column(said(de="nach", en="after"), justify="right"),
        said(de="Ergebnis", en="result"),
    )
    for step in STEPS:
        seconds = outcome.after.get(step.name)
        missing = said(de="fehlt: ", en="missing: ") + _in_language(step.missing)
        after = "–" if seconds is None else f"{seconds:.1f} s"
        table.add_row(
            _in_language(step.shown), after, missing if seconds is None else said(de="ja", en="yes")
        )
    plain_console().print(table)
    count = len(STEPS) - len(outcome.missing)
    echo(
        said(
            de=f"{count} von {len(STEPS)} Schritten. Vorgang {outcome.case}",
            en=f"{count} of {len(STEPS)} steps. Case {outcome.case}",
        )
        + (said(de=", zurückgenommen.", en=", withdrawn.") if outcome.withdrawn else ".")
    )


def _in_language(texts: tuple[str, str]) -> str:
    return texts[0] if language() == "de" else texts[1]
