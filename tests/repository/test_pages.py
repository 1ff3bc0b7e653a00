"""Pages for people: links and decisions resolve, commands exist, code in them parses."""

import ast
import json
import re
import subprocess
from collections.abc import Iterator

import pytest
import yaml

from shared.telemetry.metrics import METRICS
from tests.repository.tree import ROOT, pages

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)


def _prose(text: str) -> str:
    return FENCE.sub("", text)


def _anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as code forges make them."""
    names = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(_prose(text)))
    return {name.strip().replace(" ", "-") for name in names}


def _links() -> Iterator[tuple[str, str]]:
    for page, text in pages():
        prose = re.sub(r"`[^`\n]+`", "code", _prose(text))
        yield from ((page, link) for link in LINK.findall(prose) if "://" not in link)


def _blocks(*languages: str) -> list[object]:
    return [
        pytest.param(code, id=f"{page}:{number}")
        for page, text in pages()
        for number, (language, code) in enumerate(FENCE.findall(text))
        if language in languages
    ]


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    broken = []
    for page, link in _links():
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        if not target.exists():
            broken.append(f"{page}: {link}: no such file")
        elif anchor and anchor not in _anchors(target.read_text(encoding="utf-8")):
            broken.append(f"{page}: {link}: no such heading")
    assert broken == []


def test_every_decision_is_in_the_index_with_its_own_title() -> None:
    folder = ROOT / "docs/adr"
    index = (folder / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| \[\d{4}\]\(([^)]+)\) \| ([^|]+) \|", index, re.MULTILINE))
    decisions = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    titles = {path.name: path.read_text(encoding="utf-8").splitlines()[0] for path in decisions}
    assert titles == {name: f"# {name[:4]} {title}" for name, title in rows.items()}


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "docs/adr").glob("0*.md")))
def test_a_decision_says_what_would_change_our_mind(name: str) -> None:
    text = (ROOT / "docs/adr" / name).read_text(encoding="utf-8")
    _, *sections = (heading for heading in HEADING.findall(_prose(text)) if heading != "Alternatives")
    assert sections == ["Context", "Decision", "Consequences", "What would change our mind"]
    assert len(text.splitlines()) <= 80


def test_every_make_target_that_a_page_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {word for _, text in pages() for word in re.findall(r"\bmake ([a-z]+)\b(?=[`\s]|$)", _code(text))}
    assert named
    assert named - targets == set()


def test_every_metric_that_a_page_names_exists() -> None:
    shown = {f"amtsweg_{m.name}{'_total' if m.kind == 'counter' else ''}" for m in METRICS}
    named = {word for _, text in pages() for word in re.findall(r"\bamtsweg_[a-z_]+\b", _code(text))}
    assert named
    assert named - shown == set()


def _code(text: str) -> str:
    """What stands in the code of a page: blocks and spans."""
    blocks = [code for _, code in FENCE.findall(text)]
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", _prose(text))])


@pytest.mark.parametrize("code", _blocks("bash", "sh"))
def test_shell_in_a_page_parses(code: str) -> None:
    shell = subprocess.run(["bash", "-n"], input=code, capture_output=True, text=True, check=False)
    assert (shell.returncode, shell.stderr) == (0, "")


@pytest.mark.parametrize("code", _blocks("python", "json", "yaml"))
def test_data_and_python_in_a_page_parse(code: str) -> None:
    readers = (json.loads, yaml.safe_load, ast.parse)
    assert any(_reads(reader, code) for reader in readers)


def _reads(reader: object, code: str) -> bool:
    try:
        reader(code)  # type: ignore[operator] # one of three parsers
    except (ValueError, yaml.YAMLError, SyntaxError):
        return False
    return True
