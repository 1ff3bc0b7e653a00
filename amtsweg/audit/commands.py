"""`amtsweg audit`: all of its commands; the one that checks a log stands here."""

import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from amtsweg.audit.bus_check import check_bus
from amtsweg.audit.completeness import completeness, verify_statement_file
from amtsweg.audit.erase import erase, erase_closed, expire
from amtsweg.audit.export import export, verify_export
from amtsweg.audit.folder import inspect_folder
from amtsweg.audit.rebuild import rebuild_database, rebuild_tiles
from amtsweg.audit.shards import close, open_next
from amtsweg.audit.trust import policy_of
from amtsweg.language import said
from amtsweg.stack.description import StackDescription
from amtsweg.terminal import echo
from services.audit.domain.policy import Policy

commands = typer.Typer(no_args_is_help=True, help="Das Protokoll prüfen und wiederherstellen.")
commands.command()(completeness)
commands.command("verify-statement")(verify_statement_file)
commands.command("check-bus")(check_bus)
commands.command()(export)
commands.command("verify-export")(verify_export)
commands.command("rebuild-tiles")(rebuild_tiles)
commands.command("rebuild-database")(rebuild_database)
commands.command()(erase)
commands.command("erase-closed")(erase_closed)
commands.command()(expire)
commands.command()(close)
commands.command("open")(open_next)

_STEP = 50_000


@commands.command()
def check(
    tiles: Annotated[Path | None, typer.Option(help="Ordner des Protokolls; sonst der des Stapels")] = None,
    log_key: Annotated[str | None, typer.Option(help="Schlüssel des Protokolls (vkey)")] = None,
    policy: Annotated[Path | None, typer.Option(help="Vertrauensregel (C2SP tlog-policy)")] = None,
) -> None:
    """Rechnet jede Kachel und die Wurzel aus den Einträgen nach; sagt, wie lange es gedauert hat."""
    began = time.perf_counter()
    if tiles is None or (log_key is None and policy is None):
        stack = StackDescription.read().audit
        tiles, log_key = tiles or stack.tile_directory, log_key or stack.verifier_key
    size, kinds = check_folder(tiles, policy=policy_of(log_key, policy))
    seconds = time.perf_counter() - began
    for kind, count in sorted(kinds.items()):
        echo(f"  {count:>10}  {kind}")
    echo(
        said(
            de=f"{size} Einträge geprüft in {seconds:.1f} s ({size / seconds:,.0f} je Sekunde): alles stimmt.",
            en=f"{size} entries checked in {seconds:.1f} s ({size / seconds:,.0f} a second): everything is right.",
        )
    )


def check_folder(tiles: Path, *, policy: Policy) -> tuple[int, Counter[str]]:
    """Check a log's files; return its size and how many leaves there are of each type.

    Raises:
        Refused: something is missing, altered or not signed as the policy asks.
    """
    checkpoint, inspection = inspect_folder(tiles, policy)
    kinds: Counter[str] = Counter()
    for progress in inspection:
        kinds.update(leaf.type for leaf in progress.leaves)
        if progress.entries % _STEP == 0:
            echo(
                said(
                    de=f"  {progress.entries} von {checkpoint.size} …",
                    en=f"  {progress.entries} of {checkpoint.size} …",
                ),
                err=True,
            )
    return checkpoint.size, kinds
