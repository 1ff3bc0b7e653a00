"""The texts of all versions, as they lie beside the service: ``v1/de.toml``, ``v1/layout.html`` and so on."""

import tomllib
from pathlib import Path

from services.notifier.domain.rendering import Wording

FOLDER = Path(__file__).parents[1] / "templates"


def read_wordings(folder: Path = FOLDER) -> dict[str, Wording]:
    """Return every version of the texts by its name."""
    return {version.name: _wording(version) for version in sorted(folder.iterdir()) if version.is_dir()}


def _wording(folder: Path) -> Wording:
    texts = {file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.toml")}
    layouts = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("layout.*")}
    return Wording(texts, layouts)
