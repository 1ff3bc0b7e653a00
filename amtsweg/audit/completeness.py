"""`amtsweg audit completeness`: what should have followed and has not; a day's entries, these and no others."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from amtsweg.audit.client import AuditClient, AuditUrlOption, PurposeOption, ReferenceOption, TokenOption
from amtsweg.audit.folder import inspect_folder
from amtsweg.audit.trust import KeyOption, PolicyOption, policy_of
from amtsweg.terminal import echo
from services.audit.domain.daily_statement import Stated, Statement, Tally, verify_statement
from services.audit.domain.policy import Policy
from services.audit.domain.proof_refused import ProofRefused
from shared.local_time import local_day


def completeness(
    *,
    purpose: PurposeOption,
    reference: ReferenceOption,
    on: Annotated[datetime | None, typer.Option(help="Stichtag", formats=["%Y-%m-%d"])] = None,
    authority: Annotated[str | None, typer.Option(help="Behörde; - für Einträge ohne Behörde")] = None,
    out: Annotated[Path | None, typer.Option(help="Datei für die Aussage über Tag und Behörde")] = None,
    log_key: KeyOption = None,
    policy: PolicyOption = None,
    url: AuditUrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Zeigt, was hätte folgen müssen und nicht gefolgt ist; zu Tag und Behörde: diese Einträge und keine anderen."""
    desk = AuditClient.of(url, token_file, purpose=purpose, reference=reference)
    if authority is None:
        overdue = _account(desk, on)
        raise typer.Exit(1 if overdue else 0)
    if on is None:
        raise typer.BadParameter("--authority verlangt auch --on TAG")
    data = desk.get(f"/v1/completeness/days/{on:%Y-%m-%d}/authorities/{authority}")
    try:
        statement = Statement.from_bytes(data)
        stated = verify_statement(statement, policy_of(log_key, policy))
    except ProofRefused as refused:
        echo(f"ABGELEHNT: {refused}", err=True)
        raise typer.Exit(1) from None
    _tell(statement, stated)
    if out is not None:
        out.write_bytes(data)
        echo(f"Geschrieben: {out}")


def verify_statement_file(
    file: Annotated[Path, typer.Argument(help="Aussage über Tag und Behörde", exists=True, dir_okay=False)],
    *,
    log_key: KeyOption = None,
    policy: PolicyOption = None,
    tiles: Annotated[
        Path | None, typer.Option(help="Ordner des Protokolls, um selbst nachzuzählen", exists=True)
    ] = None,
) -> None:
    """Prüft eine Aussage "diese Einträge und keine anderen"; mit --tiles wird im Protokoll selbst nachgezählt."""
    try:
        statement = Statement.from_bytes(file.read_bytes())
        trusted = policy_of(log_key, policy)
        stated = verify_statement(statement, trusted)
        _tell(statement, stated, recounted=tiles is not None)
        if tiles is not None:
            recount(stated, tiles, trusted)
    except ProofRefused as refused:
        echo(f"ABGELEHNT: {refused}", err=True)
        raise typer.Exit(1) from None


def recount(stated: Stated, tiles: Path, policy: Policy) -> None:
    """Count the day's entries in the files of the log, while these are checked against their checkpoint.

    Raises:
        Refused: a file is missing or altered, or the day has other entries than stated.
    """
    day, tally = stated.day, Tally()
    checkpoint, inspection = inspect_folder(tiles, policy)
    if checkpoint.size < day.end:
        raise ProofRefused(f"the files reach to entry {checkpoint.size - 1}, the day to entry {day.end - 1}")
    for progress in inspection:
        first = progress.entries - len(progress.bundle)
        for index, (entry, leaf) in enumerate(zip(progress.bundle, progress.leaves, strict=True), first):
            if day.start <= index < day.end:
                tally.add(index, entry, authority=leaf.authority)
    if tally.lines() != day.lines:
        raise ProofRefused("the day has other entries in the log than its statement says")
    echo(f"Nachgezählt: {day.end - day.start} Einträge des Tages, Zeile für Zeile dieselben.")


def _account(desk: AuditClient, on: datetime | None) -> int:
    asked = {} if on is None else {"on": f"{on:%Y-%m-%d}"}
    account: dict[str, Any] = json.loads(desk.get("/v1/completeness", **asked))
    echo(f"Stand {account['at']}; diese Einsicht ist Eintrag {account['look']}.")
    for rule in account["rules"]:
        mark = "FEHLT" if rule["overdue"] else "ok"
        echo(f"  {mark:<6} {rule['overdue']:>6} überfällig {rule['open']:>6} offen   {rule['says']}")
    for each in account["overdue"]:
        echo(f"  {each['due']}  {each['rule']:<18} Vorgang {each['case']}  Eintrag {each['index']}")
    return len(account["overdue"])


def _tell(statement: Statement, stated: Stated, *, recounted: bool = False) -> None:
    day = stated.day
    for index, leaf in stated.leaves.items():
        what = leaf.type.removeprefix("de.amtsweg.").removesuffix(".v1")
        echo(f"  {index:>8}  {leaf.time}  {what}")
    echo(
        f"{statement.authority}, {local_day(day.day)}: {len(stated.leaves)} von {day.end - day.start} Einträgen."
    )
    echo("Bewiesen: Das Protokoll hat sich beim Abschluss des Tages auf genau diese Einträge festgelegt,")
    echo("          und auf dieselben gegenüber jedem, der fragt.")
    if not recounted:
        echo("Nicht bewiesen: Dass kein anderer Eintrag des Tages diese Behörde nennt; das zählt nach, wer")
        echo("          die Einträge selbst hat (amtsweg audit verify-statement --tiles ORDNER).")
    echo("Nicht bewiesen: Dass nichts geschah, was nie gemeldet wurde.")
