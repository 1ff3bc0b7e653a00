"""Pages made from the code say what the code says."""

from pathlib import Path

import pytest
from typer import Exit

from amtsweg.docs import command
from amtsweg.docs.pages import PAGES, stale, write
from tests.repository.tree import ROOT


def test_no_page_differs_from_the_code() -> None:
    assert stale(ROOT) == (), "run make docs"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another checkout, with pages that are not there yet."""
    monkeypatch.setattr(command, "_ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    return tmp_path


@pytest.mark.slow
def test_the_check_fails_on_a_difference_and_changes_nothing(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(checkout)
    page = checkout / "docs/events.md"
    page.write_text("something else\n", encoding="utf-8")
    with pytest.raises(Exit) as end:
        command.docs(check=True)
    assert end.value.exit_code == 1
    assert capsys.readouterr().out == "docs/events.md: differs from the code; run make docs\n"
    assert page.read_text(encoding="utf-8") == "something else\n"


@pytest.mark.slow
def test_a_missing_page_is_written_and_the_check_then_passes(checkout: Path) -> None:
    with pytest.raises(Exit) as written:
        command.docs(check=False)
    with pytest.raises(Exit) as checked:
        command.docs(check=True)
    assert (written.value.exit_code, checked.value.exit_code) == (0, 0)
    assert {str(path.relative_to(checkout)) for path in checkout.rglob("*.*")} == set(PAGES)
