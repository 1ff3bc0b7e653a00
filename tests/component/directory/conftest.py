"""What holds for every test of the directory's command."""

import pytest


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the command says is asked for in English here; that both are said, `tests/component/command` shows."""
    monkeypatch.setenv("AMTSWEG_LANG", "en")
