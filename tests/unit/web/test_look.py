"""The look of all pages: each colour has a name, and a value for light and for dark desktops."""

import re

from shared.web.pages import LOOK

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
