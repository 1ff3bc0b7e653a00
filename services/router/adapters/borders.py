"""Municipal areas on paper: projected, and coloured so that neighbours with different authorities differ."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import cos, radians
from pathlib import Path
from typing import Any

from shared.bounded_files import LARGE, read_bounded_text

Point = tuple[float, float]
Ring = Sequence[Point]

PALETTE = (
    "#88ccee",
    "#cc6677",
    "#ddcc77",
    "#117733",
    "#aa4499",
    "#44aa99",
    "#999933",
    "#6699cc",
    "#ee8866",
    "#bbcc33",
)
"""Distinguishable with every common form of colour blindness (after Paul Tol)."""

_WIDTH = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Borders:
    """The rings of every area, by key, in longitude and latitude."""

    rings: Mapping[str, Sequence[Ring]]

    def paths(self) -> tuple[Mapping[str, str], float, float]:
        """The SVG path of every area, and width and height of the sheet.

        Equirectangular: the longitude is scaled by the cosine of the middle latitude, nothing else is needed
        at this size.
        """
        points = [point for rings in self.rings.values() for ring in rings for point in ring]
        west, east = min(x for x, _ in points), max(x for x, _ in points)
        south, north = min(y for _, y in points), max(y for _, y in points)
        squeeze = cos(radians((south + north) / 2))
        scale = _WIDTH / ((east - west) * squeeze)

        def line(ring: Ring) -> str:
            return "L".join(
                f"{(x - west) * squeeze * scale:.1f} {(north - y) * scale:.1f}" for x, y in ring[:-1]
            )

        paths = {ags: "".join(f"M{line(ring)}Z" for ring in rings) for ags, rings in self.rings.items()}
        return paths, _WIDTH, (north - south) * scale

    def colours(self, answers: Mapping[str, str]) -> Mapping[str, str]:
        """A colour for every answer, so that no two that meet at a border look alike (greedy, largest first)."""
        neighbours = self._neighbours(answers)
        colours: dict[str, str] = {}
        for name in sorted(set(answers.values()), key=lambda name: (-len(neighbours[name]), name)):
            taken = {colours[other] for other in neighbours[name] if other in colours}
            free = [colour for colour in PALETTE if colour not in taken] or list(PALETTE)
            unused = [colour for colour in free if colour not in colours.values()] or free
            colours[name] = unused[len(colours) % len(unused)]
        return colours

    def _neighbours(self, answers: Mapping[str, str]) -> Mapping[str, set[str]]:
        at: dict[Point, set[str]] = defaultdict(set)
        for ags, rings in self.rings.items():
            for ring in rings:
                for point in ring:
                    at[point].add(answers[ags])
        meeting: dict[str, set[str]] = defaultdict(set)
        for names in at.values():
            for one, other in combinations(names, 2):
                meeting[one].add(other)
                meeting[other].add(one)
        return meeting


def read_borders(folder: Path) -> Borders:
    """The municipal areas of a directory's folder.

    Raises:
        OSError: the folder has no ``areas.geojson``.
    """
    layer = json.loads(read_bounded_text(folder / "areas.geojson", most=LARGE))
    return Borders(rings={str(part["id"]): tuple(_rings(part["geometry"])) for part in layer["features"]})


def _rings(geometry: Mapping[str, Any]) -> Iterator[Ring]:
    shape = geometry["coordinates"]
    polygons = [shape] if geometry["type"] == "Polygon" else shape
    for polygon in polygons:
        for ring in polygon:
            yield [(float(x), float(y)) for x, y in ring]
