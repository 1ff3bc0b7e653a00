"""The templates' sources, as they lie beside the service: ``v1/de/received.jinja`` and so on."""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "templates"


def read_templates(folder: Path = FOLDER) -> dict[str, str]:
    """Return every template's text by its path below the folder."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8") for file in files}
