"""A module as none may be: it works while it is imported. The test of that rule imports it in a process of its own."""

import threading
from pathlib import Path

PROJECT = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
threading.Thread(target=threading.Event().wait, name="busy", daemon=True).start()
