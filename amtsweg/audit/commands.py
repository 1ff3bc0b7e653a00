"""`amtsweg audit`: check the files of a log, make them anew from the database."""

import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from amtsweg.stack.description import VAR, StackDescription
from services.audit.adapters.tile_folder import TileFolder
from services.audit.domain.inspection import inspect_files
from services.audit.domain.keys import VerifierKey
from services.audit.domain.policy import Policy, log_only, open_checkpoint, parse_policy
from services.audit.domain.refused import Refused
from services.audit.domain.tiles import TileName

commands = typer.Typer(no_args_is_help=True, help="Das Protokoll prüfen und wiederherstellen.")

_STEP = 50_000


@commands.callback()
def _group() -> None:
    """Its parts are named, even while there is only one."""


@commands.command()
def check(
    tiles: Annotated[Path | None, typer.Option(help="Ordner des Protokolls; sonst der des Stapels")] = None,
    log_key: Annotated[str | None, typer.Option(help="Schlüssel des Protokolls (vkey)")] = None,
    policy: Annotated[Path | None, typer.Option(help="Vertrauensregel (C2SP tlog-policy)")] = None,
) -> None:
    """Rechnet jede Kachel und die Wurzel aus den Einträgen nach; sagt, wie lange es gedauert hat."""
    began = time.perf_counter()
    if tiles is None or (log_key is None and policy is None):
        stack = StackDescription.read(VAR).audit
        tiles, log_key = tiles or stack.tile_directory, log_key or stack.verifier_key
    try:
        size, kinds = check_folder(tiles, policy=_policy(log_key, policy))
    except Refused as refused:
        typer.echo(f"FEHLER: {refused}", err=True)
        raise typer.Exit(1) from None
    seconds = time.perf_counter() - began
    for kind, count in sorted(kinds.items()):
        typer.echo(f"  {count:>10}  {kind}")
    typer.echo(
        f"{size} Einträge geprüft in {seconds:.1f} s ({size / seconds:,.0f} je Sekunde): alles stimmt."
    )


def check_folder(tiles: Path, *, policy: Policy) -> tuple[int, Counter[str]]:
    """Check a log's files; return its size and how many leaves there are of each type.

    Raises:
        Refused: something is missing, altered or not signed as the policy asks.
    """
    folder = TileFolder(tiles)

    def read(name: TileName) -> bytes:
        data = folder.read_now(name.path) or folder.read_now(TileName(name.level, name.index).path)
        if data is None:
            raise Refused(f"{name.path} is missing")
        return data

    note = folder.read_now("checkpoint")
    if note is None:
        raise Refused(f"{tiles / 'checkpoint'} is missing")
    checkpoint = open_checkpoint(note, policy).checkpoint
    kinds: Counter[str] = Counter()
    for progress in inspect_files(read, checkpoint):
        kinds.update(leaf.type for leaf in progress.leaves)
        if progress.entries % _STEP == 0:
            typer.echo(f"  {progress.entries} von {checkpoint.size} …", err=True)
    return checkpoint.size, kinds


def _policy(log_key: str | None, policy: Path | None) -> Policy:
    if policy is not None:
        return parse_policy(policy.read_bytes())
    return log_only(VerifierKey.from_text(log_key or ""))
