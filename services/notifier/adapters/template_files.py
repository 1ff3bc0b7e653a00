"""The texts of all versions, as they lie beside the service: ``v1/de.toml``, ``v1/layout.html`` and so on."""

import tomllib
from pathlib import Path

from services.notifier.domain.rendering import MessageTexts
from shared.bounded_files import LARGE, read_bounded_text

FOLDER = Path(__file__).parents[1] / "templates"


def read_texts(folder: Path = FOLDER) -> dict[str, MessageTexts]:
    """Return every version of the texts by its name."""
    return {version.name: _texts_of(version) for version in sorted(folder.iterdir()) if version.is_dir()}


def _texts_of(folder: Path) -> MessageTexts:
    texts = {file.stem: tomllib.loads(read_bounded_text(file, most=LARGE)) for file in folder.glob("*.toml")}
    layouts = {file.name: read_bounded_text(file, most=LARGE) for file in folder.glob("layout.*")}
    return MessageTexts(texts, layouts)
