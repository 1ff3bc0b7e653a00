"""Commands that stand in a page and are rehearsed by a test, so that the page stays true."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def rehearsed(page: str, name: str) -> str:
    """Return the block of shell below ``<!-- rehearsal: name -->`` in a page of the project."""
    text = (ROOT / page).read_text(encoding="utf-8")
    block = rf"^<!-- rehearsal: {re.escape(name)} -->\n```bash\n(.*?)^```$"
    found = re.findall(block, text, re.MULTILINE | re.DOTALL)
    if len(found) != 1:
        raise LookupError(f"{page}: one block “{name}” to be rehearsed is expected, there are {len(found)}")
    return str(found[0])
