"""A draft change of the directory from a clearing desk's decision; cells that only a person can know are empty.

The loader refuses an empty cell and says where it is, so that no draft takes effect unseen.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from services.router.domain.decision.proposals import DeskProposal
from services.router.domain.directory.model import Directory
from services.router.domain.directory.tables import COLUMNS
from shared.events.competence import Reason
from shared.local_time import ReadIn

_LEVELS: Final = ("municipality", "district", "region", "ihk", "hwk")
"""Kinds of authorities that are competent by territory; any other authority is named in the row."""


DraftRemark = Mapping[ReadIn, str]

_NOTHING_TO_CHANGE: Final[DraftRemark] = {
    "de": "Nichts zu ändern: Wer wählen darf, hat nicht gewählt.",
    "en": "Nothing to change: whoever may choose has not chosen.",
}
_BASIS: Final[DraftRemark] = {
    "de": "Zu ergänzen: Rechtsgrundlage und Quelle; zu prüfen: ob die Ebene (decides) für alle Orte gilt.",
    "en": "To complete: legal basis and source; to check: whether the level (decides) holds for all places.",
}
_ENDS: Final[DraftRemark] = {
    "de": "Die Regel {rule} muss dafür enden oder geändert werden.",
    "en": "Rule {rule} must end for this, or be changed.",
}
_NO_KEY: Final[DraftRemark] = {
    "de": "Kein Vorschlag: Ein fehlender oder unbekannter Schlüssel ist beim Gebietsstand zu prüfen.",
    "en": "No proposal: check a missing or unknown key against the list of municipalities.",
}
_SEVERAL: Final[DraftRemark] = {
    "de": "Kein Vorschlag: Die Postleitzahl reicht in mehrere Gemeinden; nur die Angabe des Ortes hilft.",
    "en": "No proposal: the postcode reaches into several municipalities; only naming the town helps.",
}
_MUNICIPALITY: Final[DraftRemark] = {
    "de": "Zu prüfen: die Gemeinde (ags).",
    "en": "To check: the municipality (ags).",
}
_BEYOND: Final[DraftRemark] = {
    "de": "Zu ergänzen: ob die Postleitzahl in ein anderes Land reicht.",
    "en": "To complete: whether the postcode reaches into another Land.",
}
_NOT_UNIQUE: Final[DraftRemark] = {
    "de": "Eindeutig wird der Ort dadurch nicht; dazu muss er genannt werden.",
    "en": "This does not make the place unique; for that the town must be named.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """Lines to add, by table, and a sentence in both languages about what a person has to complete."""

    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remark: DraftRemark

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
            return Skeleton(remark=_NOTHING_TO_CHANGE)
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
    said = [_BASIS]
    if rows:
        said.append({each: text.format(rule=rows[-1].id) for each, text in _ENDS.items()})
    return Skeleton(lines=lines, remark=_joined(said))


def _place(proposal: DeskProposal, directory: Directory) -> Skeleton:
    place = proposal.last.decision.inquiry.place
    if place is None or place.plz is None:
        return Skeleton(remark=_NO_KEY)
    ags = proposal.last.authority.removeprefix("g-")
    ags = ags if ags in directory.areas else ""
    reached = [area.ags for area in directory.postcodes.get(place.plz, ())]
    lines: dict[str, tuple[str, ...]] = {}
    if not reached or (ags and ags not in reached):
        lines["postcodes"] = (_line("postcodes", postcode=place.plz, ags=ags, quality="listed", main="no"),)
    if place.town is not None:
        lines["localities"] = (_line("localities", ags=ags, name=place.town, postcode=place.plz),)
    if not lines:
        return Skeleton(remark=_SEVERAL)
    said = [_MUNICIPALITY]
    if "postcodes" in lines:
        said.append(_BEYOND)
    if reached and place.town is None:
        said.append(_NOT_UNIQUE)
    return Skeleton(lines=lines, remark=_joined(said))


def _joined(said: Sequence[DraftRemark]) -> DraftRemark:
    return {language: " ".join(each[language] for each in said) for language in _BASIS}


def _line(table: str, **cells: str) -> str:
    """One line of a table with these cells; all others are empty."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells.get(column, "") for column in COLUMNS[table])
    return text.getvalue()
