"""Which characters a letter can show: those in which German administrations write names (DIN SPEC 91379), and no others.

The font of the letters has all of them; for anything else no letter could be written at all (PDF/UA).
"""

import re
import unicodedata
from typing import Final

_SHOWN: Final = (
    r" -~\u00a0-\u00ac\u00ae-\u0377\u037a-\u037f\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u0477\u048a-\u04ff"
    r"\u1e00-\u1eff\u2010-\u2027\u20a0-\u20bf"
)
_TEXT: Final = re.compile(f"[{_SHOWN}]*")
_OTHERS: Final = re.compile(rf"[^\n{_SHOWN}]")


def can_be_printed(text: str) -> bool:
    """Whether a letter shows every character of it."""
    return _TEXT.fullmatch(unicodedata.normalize("NFC", text)) is not None


def printed(text: str) -> str:
    """The text as a letter shows it, with ``?`` for what it cannot show: the rest must arrive all the same."""
    return _OTHERS.sub("?", unicodedata.normalize("NFC", text))
