import json
import re
import shutil
import xml.etree.ElementTree as ET
from datetime import date
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from amtsweg.directory.drawing import draw
from services.router.adapters.borders import Borders
from shared.events.competence import Inquiry
from tests.support.directories import BUILDING, NORDMARK, TRADE
from tests.support.routing import HESSEN

pytestmark = pytest.mark.slow

ON = date(2026, 3, 1)
SVG = "{http://www.w3.org/2000/svg}"
CREDIT = "© GeoBasis-DE / BKG, Daten verändert, dl-de/by-2-0"


@cache
def hessen(*, page: bool = False) -> str:
    return draw(HESSEN, Inquiry(service=BUILDING, on=ON), page=page)


def square(x: float, y: float) -> list[list[tuple[float, float]]]:
    return [[(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1), (x, y)]]


def test_every_area_is_drawn_once_with_its_authority() -> None:
    drawn = ET.fromstring(hessen())
    titles = [path.findtext(f"{SVG}title") for path in drawn.iter(f"{SVG}path") if path.get("id")]
    assert len(titles) == 425
    assert "Gießen: Magistrat der Stadt Gießen" in titles
    assert "Linden: Kreisausschuss des Landkreises Gießen" in titles


def test_the_map_says_whose_borders_it_shows() -> None:
    assert CREDIT in hessen()
    assert CREDIT in hessen(page=True)


def test_an_area_without_an_authority_is_hatched() -> None:
    drawn = ET.fromstring(draw(HESSEN, Inquiry(service=TRADE, on=ON)))
    hatched = [
        path.get("id")
        for path in drawn.iter(f"{SVG}path")
        if path.get("id") and path.get("fill") == "url(#parked)"
    ]
    assert hatched == ["a06636200", "a06633200", "a06435200", "a06431200"]


def test_the_same_map_is_drawn_again_byte_for_byte() -> None:
    assert draw(HESSEN, Inquiry(service=BUILDING, on=ON)) == hessen()


def test_the_page_loads_nothing_from_elsewhere() -> None:
    page = hessen(page=True)
    assert "default-src 'none'" in page
    assert not re.search(r"src=|href=\"(?!#)|url\((?!#)|@import", page)


class Controls(HTMLParser):
    """The controls of a page, and which of them have a label."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str | None] = set()
        self.labelled: set[str | None] = set()
        self.options = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "label":
            self.labelled.add(dict(attrs)["for"])
        if tag in {"input", "select"}:
            self.found.add(dict(attrs)["id"])
        self.options += tag == "option"


def test_search_and_list_are_labelled_controls_of_the_keyboard() -> None:
    controls = Controls()
    controls.feed(hessen(page=True))
    assert controls.found == controls.labelled == {"search", "areas"}
    assert controls.options == 425


def test_names_are_escaped_in_the_page(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(NORDMARK, tmp_path / "land"))
    services = folder / "services.csv"
    services.write_text(
        services.read_text(encoding="utf-8").replace("Boot Anmeldung", "<b>Boot</b>"), encoding="utf-8"
    )
    manifest = folder / "manifest.toml"
    manifest.write_text(
        f"{manifest.read_text(encoding='utf-8')}\n[tables.map]\nattribution = '<i>'\n", encoding="utf-8"
    )
    shape = {"type": "Polygon", "coordinates": square(9, 54)}
    areas = {"features": [{"id": "01001000", "geometry": shape}]}
    (folder / "areas.geojson").write_text(json.dumps(areas), encoding="utf-8")
    page = draw(folder, Inquiry(service="99900000000001", on=ON), page=True)
    assert "&lt;b&gt;Boot&lt;/b&gt;" in page
    assert "<b>Boot" not in page
    assert "<i>" not in page


def test_neighbours_with_different_authorities_have_different_colours() -> None:
    borders = Borders(rings={"a": square(0, 0), "b": square(1, 0), "c": square(2, 0)})
    colours = borders.colours({"a": "one", "b": "two", "c": "one"})
    assert colours["one"] != colours["two"]


@pytest.mark.parametrize("count", [2, 10])
def test_as_long_as_there_are_enough_colours_each_authority_has_its_own(count: int) -> None:
    borders = Borders(rings={str(n): square(2 * n, 0) for n in range(count)})
    colours = borders.colours({str(n): f"authority-{n}" for n in range(count)})
    assert len(set(colours.values())) == count


def test_longitudes_are_drawn_narrower_than_latitudes() -> None:
    paths, width, height = Borders(rings={"a": square(9, 60)}).paths()
    assert height / width == pytest.approx(2, rel=0.02)
    assert paths["a"].startswith("M0.0 ")


def test_the_areas_of_an_authority_lie_together_on_their_outline() -> None:
    drawn = ET.fromstring(hessen())
    groups = {
        group.get("id"): len(group)
        for group in drawn.iter(f"{SVG}g")
        if (group.get("id") or "").startswith("of-")
    }
    outlined = {str(use.get("href")).removeprefix("#") for use in drawn.iter(f"{SVG}use")}
    assert outlined == set(groups)
    assert groups["of-g-06531005"] == 1
    assert groups["of-k-06531"] == 17
