"""`amtsweg directory …`: thin commands over the functions beside this file."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from amtsweg.bus import operator_address
from amtsweg.code_words import ROADS, VERSIONS
from amtsweg.directory import proposals, published
from amtsweg.directory.compile import compile_directory
from amtsweg.directory.drawing import draw
from amtsweg.directory.exhaustive_check import check, moves
from amtsweg.directory.folder import open_directory, shipped
from amtsweg.directory.messages import (
    FEW,
    applied_lines,
    changed_lines,
    diverted_line,
    move_line,
    newcomer_lines,
    postcode_lines,
    sum_line,
    version_lines,
)
from amtsweg.directory.past_submissions import past_submissions
from amtsweg.directory.proposal import Proposal, Tables, first, nothing_published, planned, starting_point
from amtsweg.directory.published import ChangeRefused
from amtsweg.exit_status import MISTAKE
from amtsweg.input_words import reason
from amtsweg.interruption import ordering
from amtsweg.language import said
from amtsweg.new_file import require_free, write_new
from amtsweg.terminal import echo, ended
from services.router.adapters.directory_files import load, write
from services.router.domain.decision.inquiry import BadInquiry, read_inquiry
from services.router.domain.directory.changeset import difference
from services.router.domain.directory.tables import BrokenDirectory
from services.router.domain.directory.versions import UnknownVersion, Version, Versions
from shared.errors import Undecodable
from shared.events.directory import DirectoryChanged

commands = typer.Typer(
    help="Compile, check, compare, preview, draw and publish the directory.", no_args_is_help=True
)
commands.add_typer(proposals.commands, name="proposals")

FolderOption = Annotated[Path | None, typer.Option("--directory", help="folder of another directory")]
ChangeArgument = Annotated[Path, typer.Argument(help="folder with the tables that change, as CSV")]
ParentOption = Annotated[
    str | None,
    typer.Option(
        help="the version that the change was made from, or its beginning, if its manifest does not say"
    ),
]
WithdrawOption = Annotated[
    bool,
    typer.Option(
        "--withdraw-pending", help="the change was made from the version in force; what is pending is dropped"
    ),
]


@contextmanager
def _said_where() -> Iterator[None]:
    """What is wrong goes to the standard error, and the command ends with 2."""
    try:
        yield
    except (ConnectionError, TimeoutError):
        raise  # a server is away, which is said alike in every command
    except (BadInquiry, BrokenDirectory, OSError, ChangeRefused, Undecodable, UnknownVersion) as error:
        raise ended(f"amtsweg directory: {reason(error)}", MISTAKE) from error


@commands.command("compile")
def compile_command(
    source: Annotated[Path, typer.Option(help="folder with the raw tables")],
    target: Annotated[Path, typer.Option(help="folder of the Land, for example directory/hessen")],
) -> None:
    """Write the directory from raw tables and TARGET.toml, the hand-written part beside the folder."""
    with _said_where():
        compile_directory(source, corrections=target.with_suffix(".toml"), target=target)
        echo(f"{target}: {said(de='Fassung', en='version')} {load(target).version}")


@commands.command("check")
def check_command(directory: FolderOption = None) -> None:
    """Answer the whole grid; ends with 1 if a known service at a known place is not found."""
    with _said_where():
        found = check(open_directory(directory))
    for answer, count in sorted(found.answers.items()):
        echo(f"{count:>8}  {answer}")
    unchecked = said(
        de="davon beruhen auf ungeprüften Zuständigkeiten", en="of the routed rest on unverified competence"
    )
    echo(f"{found.unverified:>8}  {unchecked}")
    for inquiry in found.holes[:FEW]:
        at = inquiry.place and inquiry.place.ags
        echo(
            said(
                de=f"nicht gefunden: {inquiry.service} in {at} am {inquiry.on}",
                en=f"not found: {inquiry.service} at {at} on {inquiry.on}",
            ),
            err=True,
        )
    raise typer.Exit(1 if found.holes else 0)


@commands.command("diff")
def diff_command(
    old: Annotated[Path, typer.Argument(help="folder of a directory")],
    new: Annotated[Path, typer.Argument(help="folder of a directory")],
) -> None:
    """Show the lines by which two directories differ."""
    with _said_where():
        before, after = Tables.of_folder(old), Tables.of_folder(new)
        before.directory()
        after.directory()
        change = difference(
            before.texts,
            after.texts,
            land=after.land,
            name=after.name,
            effective_from=datetime.now(UTC),
            reason="",
            provenance=after.provenance,
        )
    echo(f"{change.parent}\n{change.result}")
    _echo(changed_lines(change.tables))


@commands.command("preview")
def preview_command(
    change: ChangeArgument,
    directory: Annotated[
        Path | None, typer.Option(help="folder of a directory, instead of what is published")
    ] = None,
    recorded: Annotated[
        Path | None, typer.Option(help="JSON lines of past inquiries, instead of the submissions on the bus")
    ] = None,
    parent: ParentOption = None,
    *,
    withdraw: WithdrawOption = False,
) -> None:
    """Say what would go elsewhere, and since when: in the whole grid, and among past submissions."""
    with _said_where():
        proposal = Proposal.of_folder(change, parent=parent)
        if directory is None:
            versions = asyncio.run(published.read(operator_address())).versions
            point = starting_point(proposal, versions, now=datetime.now(UTC), withdraw=withdraw)
            base = Tables.of_version(point)
        else:
            base = Tables.of_folder(directory)
        old, new = base.directory(), proposal.over(base).directory()
        past = asyncio.run(past_submissions(recorded, old=old, new=new, bus=directory is None))
        found = moves(old, new)
    _echo(move_line(move, new=new) for move in found)
    _echo(map(diverted_line, past))
    _echo(postcode_lines(old, new))
    _echo(newcomer_lines(old, new))
    echo(sum_line(len(found), past=sum(group.count for group in past)))


@commands.command("seed")
def seed_command(directory: FolderOption = None) -> None:
    """Publish the first version, if none is published; files count for nothing afterwards."""
    with _said_where():
        address, folder = operator_address("directory"), directory or shipped()
        version = asyncio.run(published.seed(address, lambda: first(folder, now=datetime.now(UTC))))
    at = f"{version.recorded_at:%Y-%m-%d %H:%M:%S%z}"
    echo(
        said(
            de=f"erste Fassung: {version.id}, veröffentlicht {at}",
            en=f"first version: {version.id}, published {at}",
        )
    )


@commands.command("versions")
def versions_command() -> None:
    """List what is published, what is in force, and what was recorded but every router ignores."""
    with _said_where():
        reading = asyncio.run(published.read(operator_address()))
    _echo(version_lines(reading, now=datetime.now(UTC)))


@commands.command("export")
def export_command(
    version: Annotated[str, typer.Argument(help=f"beginning of a version, or {', '.join(VERSIONS)}")],
    folder: Annotated[Path, typer.Argument(help="where to write it; must not exist yet")],
) -> None:
    """Write a published version as a folder, to look at it or to make a change from it."""
    with _said_where():
        found = _named(version, asyncio.run(published.read(operator_address())).versions)
        write(found, folder)
    echo(f"{folder}: {said(de='Fassung', en='version')} {found.id}")


@commands.command("archive")
def archive_command(
    folder: Annotated[Path, typer.Argument(help="gets a folder for every version that it does not have yet")],
) -> None:
    """Write every published version into a folder, for `amtsweg resolve --as-of … --archive` without Kafka."""
    with _said_where():
        versions = asyncio.run(published.read(operator_address())).versions.published
        missing = {v.id: v for v in versions if not (folder / v.id).exists()}
        for version in missing.values():
            write(version, folder / version.id)
    echo(
        said(
            de=f"{folder}: {len(missing)} Fassungen geschrieben, {len(versions)} sind veröffentlicht",
            en=f"{folder}: {len(missing)} versions written, {len(versions)} are published",
        )
    )


@commands.command("apply")
def apply_command(
    change: ChangeArgument,
    effective_from: Annotated[str, typer.Option(help="when it takes effect: 2026-03-01T02:15:00+01:00")],
    reason: Annotated[str, typer.Option(help="why; mention no person, because it is kept permanently")],
    parent: ParentOption = None,
    *,
    withdraw: WithdrawOption = False,
) -> None:
    """Publish a change; every router switches at the stated instant, at the earliest in two minutes."""
    with _said_where():
        instant = _instant(effective_from)
        proposal = Proposal.of_folder(change, parent=parent)
        address = operator_address("directory")

        def plan(versions: Versions) -> DirectoryChanged:
            now = datetime.now(UTC)
            return planned(
                proposal, versions, effective_from=instant, reason=reason, now=now, withdraw=withdraw
            )

        with ordering("amtsweg directory versions"):
            version = asyncio.run(published.publish(address, plan))
    _echo(applied_lines(version))


@commands.command("map")
def map_command(
    service: Annotated[str, typer.Option(help="LeiKa key, 14 digits")],
    on: Annotated[str, typer.Option(help="the day, YYYY-MM-DD")],
    road: Annotated[str | None, typer.Option(help=f"class of the road: {', '.join(ROADS)}")] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="where to write; .html makes a page, else SVG; both below var/ if left out"),
    ] = None,
    directory: FolderOption = None,
) -> None:
    """Draw who is competent where."""
    with _said_where():
        asked = read_inquiry({"service": service, "on": on, "road": road}, today=datetime.now(UTC).date())
        below_var = [Path("var") / f"map-{service}-{asked.on}{suffix}" for suffix in (".svg", ".html")]
        if output is not None:
            require_free(output)
        for file in [output] if output else below_var:
            text = draw(directory or shipped(), asked, page=file.suffix == ".html")
            if output is None:
                file.unlink(missing_ok=True)
            write_new(file, text.encode())
            echo(file)


def _echo(lines: Iterable[str]) -> None:
    for line in lines:
        echo(line)


def _named(name: str, versions: Versions) -> Version:
    if not versions.published:
        raise ChangeRefused(nothing_published())
    match name:
        case "newest":
            return versions.newest
        case "in-force":
            return versions.at(datetime.now(UTC))
        case _:
            return versions.find(name)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise BadInquiry("effective-from", "expected an instant with its offset: 2026-03-01T02:15:00+01:00")
    return instant
