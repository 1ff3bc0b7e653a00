"""The directory on the command line: compile, check, compare, preview, draw."""

from amtsweg.directory.commands import commands

__all__ = ["commands"]
