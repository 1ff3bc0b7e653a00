"""What docs/platforms.md shows opens what an authority seals for a platform, also while the platform changes its key."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from joserfc.jwk import ECKey

from tests.support.sample_authority import load_sample

GUIDE = Path(__file__).parents[3] / "docs" / "platforms.md"
_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LARGE = {"fileNumber": "32.1", "text": "x" * 500_000}


def key(kid: str) -> Any:
    return ECKey.generate_key("P-256", {"kid": kid})


@pytest.mark.parametrize("stored", [1, 2], ids=["one key", "a set of both"])
@pytest.mark.parametrize("purpose", ["answer", "notice"])
def test_the_guide_opens_what_was_sealed_for_the_platform_and_nothing_else(
    stored: int, purpose: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, submission = [key(f"portal-{each}") for each in range(2)], str(uuid4())
    private = [each.as_dict(private=True) for each in keys[:stored]]
    (tmp_path / "key.jwk").write_text(json.dumps(private[0] if stored == 1 else {"keys": private}))
    (tmp_path / "var").mkdir()
    client = {"decryptionKeyFile": str(tmp_path / "key.jwk")}
    (tmp_path / "var/stack.json").write_text(json.dumps({"clients": {"landesplattform": client}}))
    monkeypatch.chdir(tmp_path)
    guide: dict[str, Any] = {}
    exec("\n".join(_PYTHON.findall(GUIDE.read_text(encoding="utf-8"))), guide)
    to = {"keys": [each.as_dict(private=False) for each in keys]}
    sealed = load_sample("sealing").seal(LARGE, to=to, submission=submission, purpose=purpose)

    if purpose == "answer":
        assert guide["opened"]({"content": sealed}, submission) == LARGE
    with pytest.raises(AssertionError):
        guide["opened"]({"content": sealed}, str(uuid4()) if purpose == "answer" else submission)
