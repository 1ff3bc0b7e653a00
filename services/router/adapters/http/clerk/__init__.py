"""The clerk's page below ``/clerk/``, for an authority without software of its own."""

from pathlib import Path
from typing import Final

PAGE: Final = "/clerk"
FILES: Final = Path(__file__).parent / "files"
