"""The `amtsweg` command. What a command needs is imported when it is called, so that each starts fast."""

import sys
from importlib import import_module

import typer

COMMANDS = {
    "demo": "amtsweg.demo.command:demo",
    "up": "amtsweg.stack.commands:up",
    "down": "amtsweg.stack.commands:down",
    "status": "amtsweg.stack.commands:status",
    "provision": "amtsweg.stack.provision_commands:commands",
    "resolve": "amtsweg.resolve:resolve",
    "deadline": "amtsweg.deadline:deadline",
    "parked": "amtsweg.parked:commands",
    "client": "amtsweg.clients:commands",
    "dead-letters": "amtsweg.dead_letters:commands",
    "directory": "amtsweg.directory.commands:commands",
    "audit": "amtsweg.audit.commands:commands",
    "verify": "amtsweg.audit.verify:verify",
    "docs": "amtsweg.docs.command:docs",
}
"""Where each command lives: a function, or a group of commands."""


def main() -> None:
    asked = [argument for argument in sys.argv[1:2] if argument in COMMANDS]
    build(asked or list(COMMANDS))()


def build(names: list[str]) -> typer.Typer:
    """The command with these of its parts."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
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


def _root() -> None:
    """With a callback, one command alone is still a part of `amtsweg`."""


if __name__ == "__main__":
    main()
