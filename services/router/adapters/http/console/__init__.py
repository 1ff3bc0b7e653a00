"""The operator's console and the clearing desk's page below ``/console/``, on the internal listener."""

from pathlib import Path
from typing import Final

PAGE: Final = "/console"
FILES: Final = Path(__file__).parent / "files"
