"""`verify.py` called wrongly: what its framework says by itself is in the reader's language, too."""

from pathlib import Path

import pytest

from amtsweg.language import CommandLanguage
from services.audit.adapters.http.page import verify
from tests.support.languages import foreign

CALLS = (
    "-h",
    "",
    "x --nonsense",
    "x --lang fr",
    "x --policy",
    "x --l",
    "missing.json",
    "here.json --policy missing.txt",
    "here.json --policy binary",
    "here.json --tsa-root here.json",
)


@pytest.mark.parametrize("lang", ["de", "en"])
@pytest.mark.parametrize("call", CALLS)
def test_a_wrong_call_is_explained_in_one_language(
    call: str,
    lang: CommandLanguage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.json").write_text("{}")
    (tmp_path / "binary").write_bytes(b"\xff")
    with pytest.raises(SystemExit) as ended:
        verify.main(["--lang", lang, *call.split()])

    told = "".join(capsys.readouterr())
    assert ended.value.code == (0 if call == "-h" else verify.CALLED_WRONGLY)
    assert told.startswith({"de": "Aufruf: ", "en": "usage: "}[lang])
    assert not foreign(told, spoken=lang), told
