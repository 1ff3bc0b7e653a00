"""A draft change of the directory from a clearing desk's decision; cells that only a person can know are empty.

The loader refuses an empty cell and says where it is, so that no draft takes effect unseen.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from services.router.domain.decision.proposals import DeskProposal
from services.router.domain.directory.model import Directory
from services.router.domain.directory.tables import COLUMNS
from shared.events.competence import Reason

_LEVELS: Final = ("municipality", "district", "region", "ihk", "hwk")
"""Kinds of authorities that are competent by territory; any other authority is named in the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """Lines to add, by table, and a German sentence about what a person has to complete."""

    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remark: str

    def over(self, tables: Mapping[str, str]) -> dict[str, str]:
        """The complete text of each changed table."""
        return {
            table: tables[table] + "".join(f"{line}\n" for line in lines)
            for table, lines in self.lines.items()
        }


def skeleton(proposal: DeskProposal, *, directory: Directory) -> Skeleton:
    """What the directory would need to contain so that such a case is routed without a person."""
    match proposal.last.decision.reason:
        case Reason.CHOICE_REQUIRED:
            return Skeleton(remark="Nichts zu ändern: Wer wählen darf, hat nicht gewählt.")
        case Reason.UNKNOWN_PLACE | Reason.AMBIGUOUS_PLACE | Reason.OUTSIDE_TERRITORY:
            return _place(proposal, directory)
        case _:
            return _competence(proposal, directory)


def _competence(proposal: DeskProposal, directory: Directory) -> Skeleton:
    assigned = proposal.last
    service = assigned.decision.inquiry.service
    kind = (
        directory.authorities[assigned.authority].kind if assigned.authority in directory.authorities else ""
    )
    decides = kind if kind in _LEVELS else "authority"
    rows = directory.competences.get(service, ())
    taken = {row.id for row in rows}
    line = _line(
        "competences",
        id=next(name for number in count(1) if (name := f"{service}-{number}") not in taken),
        service=service,
        decides=decides,
        target=assigned.authority if decides == "authority" else "",
        by_choice="no",
        verified="no",
        note=f"Klärungsstelle: {assigned.assignment.reason}",
    )
    lines = {"competences": (line,)}
    if service not in directory.services:
        lines["services"] = (_line("services", key=service),)
    ended = f" Die Regel {rows[-1].id} muss dafür enden oder geändert werden." if rows else ""
    return Skeleton(
        lines=lines,
        remark="Zu ergänzen: Rechtsgrundlage und Quelle; zu prüfen: ob die Ebene (decides) für alle Orte gilt."
        + ended,
    )


def _place(proposal: DeskProposal, directory: Directory) -> Skeleton:
    place = proposal.last.decision.inquiry.place
    if place is None or place.plz is None:
        return Skeleton(
            remark="Kein Vorschlag: Ein fehlender oder unbekannter Schlüssel ist beim Gebietsstand zu prüfen."
        )
    ags = proposal.last.authority.removeprefix("g-")
    ags = ags if ags in directory.areas else ""
    reached = [area.ags for area in directory.postcodes.get(place.plz, ())]
    lines: dict[str, tuple[str, ...]] = {}
    if not reached or (ags and ags not in reached):
        lines["postcodes"] = (_line("postcodes", postcode=place.plz, ags=ags, quality="listed", main="no"),)
    if place.town is not None:
        lines["localities"] = (_line("localities", ags=ags, name=place.town, postcode=place.plz),)
    if not lines:
        return Skeleton(
            remark="Kein Vorschlag: Die Postleitzahl reicht in mehrere Gemeinden; nur die Angabe des Ortes hilft."
        )
    said = ["Zu prüfen: die Gemeinde (ags)."]
    if "postcodes" in lines:
        said.append("Zu ergänzen: ob die Postleitzahl in ein anderes Land reicht.")
    if reached and place.town is None:
        said.append("Eindeutig wird der Ort dadurch nicht; dazu muss er genannt werden.")
    return Skeleton(lines=lines, remark=" ".join(said))


def _line(table: str, **cells: str) -> str:
    """One line of a table with these cells; all others are empty."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells.get(column, "") for column in COLUMNS[table])
    return text.getvalue()
