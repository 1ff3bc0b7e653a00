"""`amtsweg audit completeness`: what should have followed and has not; a day's entries, these and no others."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from amtsweg.addresses import AuditUrlOption
from amtsweg.audit.client import AuditClient, PurposeOption, ReferenceOption, TokenOption
from amtsweg.audit.folder import inspect_folder
from amtsweg.audit.trust import KeyOption, PolicyOption, policy_of
from amtsweg.language import language, said
from amtsweg.new_file import require_free, write_new
from amtsweg.terminal import echo
from services.audit.domain.daily_statement import Stated, Statement, Tally, verify_statement
from services.audit.domain.policy import Policy
from services.audit.domain.proof_refused import ProofRefused
from shared.bounded_files import LARGE, read_bounded
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
    if out is not None:
        require_free(out)
    desk = AuditClient.of(url, token_file, purpose=purpose, reference=reference)
    if authority is None:
        overdue = _account(desk, on)
        raise typer.Exit(1 if overdue else 0)
    if on is None:
        raise typer.BadParameter(
            said(de="--authority verlangt auch --on TAG", en="--authority needs --on DAY")
        )
    data = desk.get(f"/v1/completeness/days/{on:%Y-%m-%d}/authorities/{authority}")
    statement = Statement.from_bytes(data)
    stated = verify_statement(statement, policy_of(log_key, policy))
    _tell(statement, stated)
    if out is not None:
        write_new(out, data)
        echo(said(de=f"Geschrieben: {out}", en=f"Written: {out}"))


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
    statement = Statement.from_bytes(read_bounded(file, most=LARGE))
    trusted = policy_of(log_key, policy)
    stated = verify_statement(statement, trusted)
    _tell(statement, stated, recounted=tiles is not None)
    if tiles is not None:
        recount(stated, tiles, trusted)


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
    echo(
        said(
            de=f"Nachgezählt: {day.end - day.start} Einträge des Tages, Zeile für Zeile dieselben.",
            en=f"Counted again: {day.end - day.start} entries of the day, the same line by line.",
        )
    )


def _account(desk: AuditClient, on: datetime | None) -> int:
    asked = {} if on is None else {"on": f"{on:%Y-%m-%d}"}
    account: dict[str, Any] = json.loads(desk.get("/v1/completeness", **asked))
    echo(
        said(
            de=f"Stand {account['at']}; diese Einsicht ist Eintrag {account['look']}.",
            en=f"As of {account['at']}; this look is entry {account['look']}.",
        )
    )
    for rule in account["rules"]:
        mark = said(de="FEHLT", en="LACKS") if rule["overdue"] else "ok"
        late, waiting = said(de="überfällig", en="overdue"), said(de="offen", en="open")
        echo(f"  {mark:<6} {rule['overdue']:>6} {late} {rule['open']:>6} {waiting}   {rule['says']}")
    for each in account["overdue"]:
        case, entry = said(de="Vorgang", en="case"), said(de="Eintrag", en="entry")
        echo(f"  {each['due']}  {each['rule']:<18} {case} {each['case']}  {entry} {each['index']}")
    return len(account["overdue"])


def _tell(statement: Statement, stated: Stated, *, recounted: bool = False) -> None:
    day = stated.day
    for index, leaf in stated.leaves.items():
        what = leaf.type.removeprefix("de.amtsweg.").removesuffix(".v1")
        echo(f"  {index:>8}  {leaf.time}  {what}")
    echo(
        f"{statement.authority}, {local_day(day.day, language())}: {len(stated.leaves)} "
        f"{said(de='von', en='of')} {day.end - day.start} {said(de='Einträgen', en='entries')}."
    )
    echo(
        said(
            de="Bewiesen: Das Protokoll hat sich beim Abschluss des Tages auf genau diese Einträge festgelegt,",
            en="Proven: at the day's end the log has committed itself to exactly these entries,",
        )
    )
    echo(
        said(
            de="          und auf dieselben gegenüber jedem, der fragt.",
            en="          and to the same towards everybody who asks.",
        )
    )
    if not recounted:
        echo(
            said(
                de="Nicht bewiesen: Dass kein anderer Eintrag des Tages diese Behörde nennt; das zählt nach, wer",
                en="Not proven: that no other entry of the day names this authority; whoever has the entries",
            )
        )
        echo(
            said(
                de="          die Einträge selbst hat (amtsweg audit verify-statement --tiles ORDNER).",
                en="          counts that (amtsweg audit verify-statement --tiles FOLDER).",
            )
        )
    echo(
        said(
            de="Nicht bewiesen: Dass nichts geschah, was nie gemeldet wurde.",
            en="Not proven: that nothing happened that was never reported.",
        )
    )
