"""`amtsweg directory …`: thin commands over the functions beside this file."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from amtsweg.directory.compile import compile_directory
from amtsweg.directory.drawing import draw
from amtsweg.directory.folder import open_directory, shipped
from amtsweg.directory.grid import changed, check, moves
from services.router.adapters.directory_files import load, read_manifest, read_tables
from services.router.domain.build import build
from services.router.domain.change import difference
from services.router.domain.directory import Directory
from services.router.domain.inquiry import BadInquiry, read_inquiry
from services.router.domain.tables import BrokenDirectory
from shared.events.competence import Inquiry

commands = typer.Typer(help="Compile, check, compare, preview and draw the directory.", no_args_is_help=True)

_FEW = 5

FolderOption = Annotated[Path | None, typer.Option("--directory", help="folder of another directory")]


@contextmanager
def _said_where() -> Iterator[None]:
    """What is wrong with the input goes to the standard error, and the command ends with 2."""
    try:
        yield
    except (BadInquiry, BrokenDirectory, OSError) as error:
        typer.echo(f"amtsweg directory: {error}", err=True)
        raise typer.Exit(2) from error


@commands.command("compile")
def compile_command(
    source: Annotated[Path, typer.Option(help="folder with the raw tables")],
    target: Annotated[Path, typer.Option(help="folder of the Land, for example directory/hessen")],
) -> None:
    """Write the directory from raw tables and TARGET.toml, the hand-written part beside the folder."""
    with _said_where():
        compile_directory(source, corrections=target.with_suffix(".toml"), target=target)
        typer.echo(f"{target}: version {load(target).version}")


@commands.command("check")
def check_command(directory: FolderOption = None) -> None:
    """Answer the whole grid; ends with 1 if a known service at a known place is not found."""
    with _said_where():
        found = check(open_directory(directory))
    for answer, count in sorted(found.answers.items()):
        typer.echo(f"{count:>8}  {answer}")
    typer.echo(f"{found.unverified:>8}  of the routed rest on unverified competence")
    for inquiry in found.holes[:_FEW]:
        typer.echo(
            f"not found: {inquiry.service} at {inquiry.place and inquiry.place.ags} on {inquiry.on}", err=True
        )
    raise typer.Exit(1 if found.holes else 0)


@commands.command("diff")
def diff_command(
    old: Annotated[Path, typer.Argument(help="folder of a directory")],
    new: Annotated[Path, typer.Argument(help="folder of a directory")],
) -> None:
    """Show the lines by which two directories differ."""
    with _said_where():
        land = load(old).land
        load(new)
        change = difference(read_tables(old), read_tables(new), land=land, effective_from=datetime.now(UTC))
    typer.echo(f"{change.parent}\n{change.result}")
    for table in change.tables:
        typer.echo(f"{table.table}:")
        for sign, lines in (("-", table.removed), ("+", table.added)):
            for line in lines:
                typer.echo(f"  {sign} {line}")


@commands.command("preview")
def preview_command(
    change: Annotated[Path, typer.Argument(help="folder with the tables that change, as CSV")],
    directory: FolderOption = None,
    recorded: Annotated[Path | None, typer.Option(help="JSON lines of past inquiries")] = None,
) -> None:
    """Say what would go elsewhere, and since when: in the whole grid, and among recorded inquiries."""
    with _said_where():
        folder = directory or shipped()
        old, new = load(folder), _overlaid(folder, change)
        found = moves(old, new)
        past = list(changed(_recorded(recorded), old=old, new=new)) if recorded else []
    for move in found:
        areas = ", ".join(new.areas[ags].name if ags in new.areas else ags for ags in move.areas[:_FEW])
        rest = f" and {len(move.areas) - _FEW} more" if len(move.areas) > _FEW else ""
        since = "ever since" if move.since < min(new.boundaries, default=date.min) else f"since {move.since}"
        typer.echo(f"{move.service}: {move.before} -> {move.after} {since}: {areas}{rest}")
    for inquiry, before, after in past:
        typer.echo(
            f"recorded {inquiry.model_dump_json(by_alias=True, exclude_none=True)}: {before} -> {after}"
        )
    typer.echo(f"{len(found)} changes in the grid, {len(past)} recorded inquiries answered differently")


@commands.command("map")
def map_command(
    service: Annotated[str, typer.Option(help="LeiKa key, 14 digits")],
    on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="the day")],
    output: Annotated[Path, typer.Option(help="where to write; .html makes a page, else SVG")],
    directory: FolderOption = None,
) -> None:
    """Draw who is competent where."""
    with _said_where():
        text = draw(directory or shipped(), service=service, on=on.date(), page=output.suffix == ".html")
        output.write_text(text, encoding="utf-8")


def _overlaid(folder: Path, change: Path) -> Directory:
    manifest = read_manifest(folder)
    tables = read_tables(change)
    if not tables:
        raise BrokenDirectory(str(change), "holds no table of a directory")
    return build(manifest["land"], manifest["name"], {**read_tables(folder), **tables})


def _recorded(path: Path) -> Iterator[Inquiry]:
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            yield read_inquiry(orjson.loads(line), today=datetime.now(UTC).date())
        except orjson.JSONDecodeError as error:
            raise BadInquiry(f"line {number}", "is not JSON") from error
        except BadInquiry as error:
            raise BadInquiry(f"line {number}, {error.field}", str(error)) from error
