"""The map of one service on one day: who is competent where, as SVG or as a page with a search."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from services.router.adapters.borders import read_borders
from services.router.adapters.directory_files import load, read_manifest
from services.router.domain.decision.explain import explain
from services.router.domain.decision.resolver import Resolver
from services.router.domain.directory.model import Directory
from shared.events.competence import Inquiry, Place
from shared.local_time import letter_day

_LEGEND = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One area as it is drawn; ``answer`` is its authority, or the reason why there is none."""

    ags: str
    name: str
    path: str
    answer: str
    answer_name: str
    colour: str
    parked: bool
    text: str


def draw(folder: Path, asked: Inquiry, *, page: bool = False) -> str:
    """The map as SVG, or as a self-contained HTML page around it: what is asked, for every area.

    Raises:
        BrokenDirectory: the directory in ``folder`` cannot be used.
        OSError: the folder has no areas to draw.
    """
    directory = load(folder)
    shapes, width, height = _shapes(folder, directory, asked)
    counted = Counter((shape.answer_name, shape.colour, shape.parked) for shape in shapes)
    environment = Environment(
        loader=PackageLoader("amtsweg.directory"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    fields: dict[str, object] = {
        "title": f"{directory.services.get(asked.service, asked.service)}: Zuständigkeit am {letter_day(asked.on)}",
        "attribution": read_manifest(folder)["tables"]["map"]["attribution"],
        "version": directory.version[:12],
        "shapes": shapes,
        "width": f"{width:.0f}",
        "height": f"{height:.0f}",
        "legend": sorted(counted.items()) if len(counted) <= _LEGEND else [],
        "captions": not page,
    }
    svg = environment.get_template("map.svg.j2").render(fields)
    if not page:
        return svg
    return environment.get_template("map.html.j2").render(fields, map=Markup(svg))  # noqa: S704 - made above, escaped


def _shapes(folder: Path, directory: Directory, asked: Inquiry) -> tuple[list[Shape], float, float]:
    borders, resolver = read_borders(folder), Resolver(directory)
    paths, width, height = borders.paths()
    decisions = {ags: resolver.resolve(asked.model_copy(update={"place": Place(ags=ags)})) for ags in paths}
    answers = {ags: decision.authority or str(decision.reason) for ags, decision in decisions.items()}
    colours = borders.colours(answers)
    shapes = [
        Shape(
            ags=ags,
            name=directory.areas[ags].name,
            path=paths[ags],
            answer=answers[ags],
            answer_name=_name(answers[ags], directory),
            colour=colours[answers[ags]],
            parked=decision.authority is None,
            text=explain(decision, directory=directory),
        )
        for ags, decision in decisions.items()
    ]
    return sorted(shapes, key=lambda shape: (shape.name, shape.ags)), width, height


_PARKED: Mapping[str, str] = {
    "ambiguous-place": "an diesem Tag mehrere Gemeinden",
    "ambiguous-competence": "nicht geregelt",
    "choice-required": "freie Wahl",
    "not-offered": "nicht mehr angeboten",
    "unknown-service": "Leistung nicht bekannt",
}


def _name(answer: str, directory: Directory) -> str:
    if answer in directory.authorities:
        return directory.authorities[answer].name
    return _PARKED.get(answer, answer)
