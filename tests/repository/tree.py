"""The project's own files, as the repository tests read them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = ("services", "shared", "amtsweg", "examples")
"""Folders of what runs; tests and benchmarks are not among them."""


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that Git keeps and that lies in the checkout."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    return tuple(ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """Name and text of every tracked file that is text."""
    return tuple(_readable())


def _readable() -> Iterator[tuple[str, str]]:
    for path in tracked():
        try:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Name and syntax tree of the tracked Python modules below these folders."""
    for name, text in texts():
        if name.endswith(".py") and name.startswith(tuple(f"{folder}/" for folder in folders)):
            yield name, _parsed(name, text)


@cache
def _parsed(name: str, text: str) -> ast.Module:
    return ast.parse(text, filename=name)


def pages() -> Iterator[tuple[str, str]]:
    """Name and text of every Markdown page."""
    return ((name, text) for name, text in texts() if name.endswith(".md"))
