"""The `amtsweg` command. What a command needs is imported when it is called, so that each starts fast."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from io import TextIOWrapper
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from amtsweg.help import in_one_language
from amtsweg.interruption import if_interrupted, stopped
from amtsweg.language import LANGUAGE_VARIABLE, said
from amtsweg.mistakes import explained
from amtsweg.stack.description import FOLDER_VARIABLE

COMMANDS = {
    "demo": "amtsweg.demo.command:demo",
    "up": "amtsweg.stack.commands:up",
    "down": "amtsweg.stack.commands:down",
    "status": "amtsweg.stack.status_command:status",
    "restart": "amtsweg.stack.commands:restart",
    "logs": "amtsweg.stack.log_command:logs",
    "provision": "amtsweg.stack.provision_commands:commands",
    "case": "amtsweg.case:case",
    "resolve": "amtsweg.resolve:resolve",
    "deadline": "amtsweg.deadline:deadline",
    "parked": "amtsweg.parked:commands",
    "client": "amtsweg.clients:commands",
    "templates": "amtsweg.templates:commands",
    "messages": "amtsweg.messages:commands",
    "authority": "amtsweg.authorities:commands",
    "dead-letters": "amtsweg.dead_letters:commands",
    "directory": "amtsweg.directory.commands:commands",
    "audit": "amtsweg.audit.commands:commands",
    "verify": "amtsweg.audit.verify:verify",
    "docs": "amtsweg.docs.command:docs",
}
"""Where each command lives: a function, or a group of commands."""

_ANYWHERE = {"--var", "--lang"}
"""Options of `amtsweg` itself that may stand behind a command, too."""


class _Root(TyperGroup):
    """Takes its own options wherever they stand, speaks one language, and explains what a person can correct."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        arguments = own_options_first(sys.argv[1:] if args is None else args)
        with _variables_of_one_call():
            _choose_language(arguments)
            in_one_language(self)
            return super().main(arguments, *rest, **extra)

    def make_context(self, *args: Any, **extra: Any) -> Any:
        with explained():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> object:
        with explained():
            return super().invoke(ctx)


def _choose_language(arguments: Sequence[str]) -> None:
    """Take the language before anything is said, help and errors included; a wrong one is refused later."""
    for name, value in pairwise((*arguments, "")):
        chosen = value if name == "--lang" else name.removeprefix("--lang=")
        if name.partition("=")[0] == "--lang" and chosen in {"de", "en"}:
            os.environ[LANGUAGE_VARIABLE] = chosen


@contextmanager
def _variables_of_one_call() -> Iterator[None]:
    """What `--var` and `--lang` say reaches child processes, and ends with the call."""
    before = {name: os.environ.get(name) for name in (FOLDER_VARIABLE, LANGUAGE_VARIABLE)}
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def own_options_first(arguments: Sequence[str]) -> list[str]:
    """The arguments with `--var` and `--lang` before the command; behind `--` nothing is moved."""
    own: list[str] = []
    others: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        name, sign, _ = argument.partition("=")
        if argument == "--":
            others += [argument, *waiting]
        elif name in _ANYWHERE:
            own.append(argument)
            if not sign:
                own += [value for value in (next(waiting, None),) if value is not None]
        else:
            others.append(argument)
    return own + others


def main() -> None:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr does: no letter ends a command
    with if_interrupted(stopped):  # also while the command is imported
        rest = own_options_first(sys.argv[1:])
        asked = [argument for argument in rest if argument in COMMANDS][:1]
        build(asked or list(COMMANDS))()


def build(names: list[str]) -> typer.Typer:
    """The command with these of its parts."""
    app = typer.Typer(
        cls=_Root,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,  # plain lines: a pipe gets the same as a screen
        pretty_exceptions_show_locals=False,  # locals hold passwords
        help="Carries applications to the competent authority, and can prove it.",
    )
    app.callback()(_root)
    for name in names:
        module, _, attribute = COMMANDS[name].partition(":")
        part = getattr(import_module(module), attribute)
        if isinstance(part, typer.Typer):
            app.add_typer(part, name=name)
        else:
            app.command(name)(part)
    return app


def _root(
    *,
    var: Annotated[
        Path | None, typer.Option(envvar=FOLDER_VARIABLE, help="folder of the stack's state (var)")
    ] = None,
    lang: Annotated[str | None, typer.Option(envvar=LANGUAGE_VARIABLE, help="de or en")] = None,
) -> None:
    if lang is not None and lang not in {"de", "en"}:
        raise typer.BadParameter(said(de="--lang: erwartet wird de oder en", en="--lang: expected de or en"))
    for variable, value in ((FOLDER_VARIABLE, var), (LANGUAGE_VARIABLE, lang)):
        if value is not None:
            os.environ[variable] = str(value)


if __name__ == "__main__":
    main()
