"""What an erasure says is said in the language of the call, and in no other."""

import pytest

from amtsweg.audit import erase
from amtsweg.audit.erase_order import SEVERAL_CASES
from amtsweg.input_words import refused_words
from amtsweg.language import LANGUAGE_VARIABLE
from services.audit.domain.proof_refused import ProofRefused
from services.audit.handler.erase import NO_LOOKS_KEPT, NOTHING_KEPT

TOLD = {
    "remaining": [{"what": "submission.held.v1", "until": "2026-02-11T00:00:00Z"}],
    "lastCopyExpires": "2026-02-11T00:00:00Z",
}
GERMAN, ENGLISH = ("der ", "nichts", "mehrere", "spätestens"), ("the ", "nothing", "several", "latest")


def only(text: str, *, language: str) -> bool:
    """Whether the text has words of this language and none of the other."""
    own, other = (GERMAN, ENGLISH) if language == "de" else (ENGLISH, GERMAN)
    return any(word in text for word in own) and not any(word in text for word in other)


@pytest.mark.parametrize("language", ["de", "en"])
def test_what_remains_is_told_in_one_language(
    language: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(LANGUAGE_VARIABLE, language)
    erase._tell(TOLD)
    assert only(capsys.readouterr().out, language=language)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("refusal", [NOTHING_KEPT, NO_LOOKS_KEPT, SEVERAL_CASES])
def test_what_refuses_an_erasure_is_told_in_one_language(
    refusal: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LANGUAGE_VARIABLE, language)
    told = refused_words(ProofRefused(refusal))
    assert told.startswith("ABGELEHNT: " if language == "de" else "REFUSED: ")
    assert (refusal in told) == (language == "en")
