"""The compiled rows of law: competences and named lists, corrected by hand where sources are finer."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Row = Mapping[str, object]

_LEVELS: Mapping[str, Row] = {
    "GEMEINDE": {"decides": "municipality"},
    "KREIS": {"decides": "district"},
    "KREIS_SONDERSTATUS": {"decides": "district", "municipality_if": "listed:special-status"},
    "RP": {"decides": "region"},
    "IHK": {"decides": "ihk"},
    "HWK": {"decides": "hwk"},
    "LAND": {"decides": "authority"},
    "KEINE": {"decides": "nobody"},
}
_LAND_OFFICES = {
    "Hessisches Amt für Versorgung und Soziales": "land-havs",
    "Hessisches Landesamt für Gesundheit und Pflege": "land-hlfgp",
}
_LAW_FIRST = re.compile(r"([A-Za-zÄÖÜäöü ]+) (§[^;]*)")
"""As in "GastG § 4", which a lawyer cites as "§ 4 GastG"."""

_ENDED = {"99025002005000": "99025002169000"}


def competences(raw: Iterable[Mapping[str, str]], fixed: list[dict[str, Any]]) -> Iterator[Row]:
    """The raw rows, replaced by hand-written ones where a service has any; ids count per service."""
    corrected = {row["service"] for row in fixed}
    anchors = {row["leika_schluessel"]: row["ortsanknuepfung"] for row in raw}
    rows = [_competence(row) for row in raw if row["leika_schluessel"] not in corrected]
    rows += [{"by_choice": False, "anchor": anchors[row["service"]], **row} for row in fixed]
    seen: Counter[str] = Counter()
    for row in sorted(rows, key=_order):
        service = str(row["service"])
        seen[service] += 1
        yield {"id": f"{service}-{seen[service]}", **row}


def _order(row: Row) -> tuple[str, ...]:
    return tuple(str(row.get(column) or "") for column in ("service", "valid_from", "when"))


def _competence(row: Mapping[str, str]) -> dict[str, object]:
    source = row["quelle_zustaendigkeit"]
    return {
        **_LEVELS[row["zustaendig_ebene"]],
        "service": row["leika_schluessel"],
        "target": _LAND_OFFICES.get(row["zustaendige_stelle"]),
        "by_choice": row["ortsanknuepfung"].startswith("freie Wahl"),
        "use_instead": _ENDED.get(row["leika_schluessel"]),
        "anchor": row["ortsanknuepfung"],
        "legal_basis": _LAW_FIRST.sub(r"\2 \1", row["rechtsgrundlage"]),
        "source": source,
        "verified": "unverified" not in source,
        "note": row["hinweis"],
    }


def listed(areas: Iterable[Mapping[str, str]], fixed: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """One row per list and area; an area that has ended leaves the list with its last day."""
    last_days = {row["ags"]: row["gueltig_bis"] for row in areas}
    special = {
        "list": "special-status",
        "title": "Sonderstatus-Stadt nach § 4a Abs. 2 HGO",
        "ags": [row["ags"] for row in areas if row["sonderstatus"]],
        "source": "§ 4a Abs. 2 HGO",
        "verified": True,
    }
    for entry in (special, *fixed):
        for ags in entry["ags"]:
            yield {**entry, "ags": ags, "valid_to": last_days[ags]}
