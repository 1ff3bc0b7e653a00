"""What the command says at its end, in either language."""

from uuid import uuid4

import pytest

from amtsweg.conformance.command import show
from amtsweg.conformance.run import Checked
from amtsweg.conformance.steps import STEPS


@pytest.mark.parametrize(
    ("language", "said", "missing"), [("de", "zurückgenommen", "fehlt: "), ("en", "withdrawn", "missing: ")]
)
def test_each_missing_step_is_named_with_what_to_do_in_one_language(
    language: str,
    said: str,
    missing: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AMTSWEG_LANG", language)
    column = ("de", "en").index(language)

    show(Checked(uuid4(), after={"delivered": 0.5, "accepted": 2.25}, withdrawn=True))

    told = capsys.readouterr().out
    assert told.count(missing) == len(STEPS) - 2
    assert all(missing + step.missing[column] in told for step in STEPS[2:])
    assert ("Schritt" in told) == (language == "de")
    assert f"2 von {len(STEPS)}" in told or f"2 of {len(STEPS)}" in told
    assert said in told
    assert " 2.2 s" in told
