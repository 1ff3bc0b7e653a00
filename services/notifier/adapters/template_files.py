"""The templates' sources, as they lie beside the service: ``v1/de/received.jinja`` and so on."""

import tomllib
from pathlib import Path

from services.notifier.domain.statutory import StatutoryRenderer

FOLDER = Path(__file__).parents[1] / "templates"


def read_templates(folder: Path = FOLDER) -> dict[str, str]:
    """Return every template's text by its path below the folder."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8") for file in files}


STATUTORY = Path(__file__).parents[1] / "statutory"
CURRENT_STATUTORY = "v1"
"""The version that new statutory messages are written with; older ones stay as they are."""


def open_statutory(version: str = CURRENT_STATUTORY) -> StatutoryRenderer:
    """Return the statutory messages of this version."""
    folder = STATUTORY / version
    texts = {file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.toml")}
    layouts = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("layout.*")}
    return StatutoryRenderer(texts, layouts)
