"""Sealed contents that stay as they are: one for each kind of key, with the key that opens it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[1] / "golden" / "sealed"


@dataclass(frozen=True)
class SealedExample:
    path: Path
    submission: str
    plaintext: str
    key: dict[str, Any]
    sealed: dict[str, Any]

    @property
    def kind(self) -> str:
        return self.path.stem


def _read(path: Path) -> SealedExample:
    text = json.loads(path.read_text(encoding="utf-8"))
    return SealedExample(path, text["submissionId"], text["plaintext"], text["key"], text["sealed"])


EXAMPLES: Final = [_read(path) for path in sorted(FOLDER.glob("*.json"))]
