"""The look of all pages: each colour has a name, and a value for light and for dark desktops."""

import re

from shared.web.pages import LOOK
from shared.web.plain_page import plain_page

_COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|\brgb\((?!0 0 0)")
_NAMED = re.compile(r"(--[a-z-]+): #")


def test_every_colour_is_named_and_has_a_value_in_the_dark() -> None:
    style = (LOOK / "style.css").read_text(encoding="utf-8")
    _, light, dark_and_rest = style.split(":root {", 2)
    dark, _, rest = dark_and_rest.partition("}")
    names = _NAMED.findall(light.partition("}")[0])
    assert len(names) > 15
    assert _NAMED.findall(dark) == names
    assert _COLOUR.findall(rest + (LOOK / "desk.css").read_text(encoding="utf-8")) == []


def _light_of(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_and_links_of_a_plain_page_are_legible_on_either_desktop() -> None:
    style = bytes(plain_page("title", "").body).decode()
    schemes = [dict(re.findall(r"--([a-z]+):#([0-9a-f]{6})", block)) for block in style.split(":root{")[1:]]
    assert len(schemes) == 2
    for colours in schemes:
        for text in ("ink", "link"):
            for ground in ("paper", "code"):
                dark, bright = sorted((_light_of(colours[text]), _light_of(colours[ground])))
                assert (bright + 0.05) / (dark + 0.05) >= 4.5
