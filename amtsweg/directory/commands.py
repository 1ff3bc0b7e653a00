"""`amtsweg directory …`: thin commands over the functions beside this file."""

from pathlib import Path
from typing import Annotated

import typer

from amtsweg.directory.compile import compile_directory

commands = typer.Typer(help="Compile, check, compare, preview and draw the directory.", no_args_is_help=True)


@commands.command("compile")
def compile_command(
    source: Annotated[Path, typer.Option(help="folder with the raw tables")],
    target: Annotated[Path, typer.Option(help="folder of the Land, for example directory/hessen")],
) -> None:
    """Write the directory from raw tables and TARGET.toml, the hand-written part beside the folder."""
    compile_directory(source, corrections=target.with_suffix(".toml"), target=target)
