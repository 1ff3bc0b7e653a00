"""Turns the raw tables of a Land into our own directory: own ids, own format, every table with its source.

Deterministic: the same input gives the same bytes.
"""

import csv
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from amtsweg.directory.compile_rules import Row, competences, listed
from services.router.domain.directory.tables import COLUMNS
from shared.bounded_files import LARGE, read_bounded_text

Raw = list[dict[str, str]]

_AREA_KINDS = {
    "kreisfreie Stadt": "independent-city",
    "Stadt": "city",
    "Gemeinde": "municipality",
    "gemeindefreies Gebiet": "unincorporated",
}
_QUALITIES = {"liste": "listed", "geometrie": "area", "geometrie-schwach": "weak"}
_CHAMBER_KINDS = {"IHK": "ihk", "HWK": "hwk"}


def compile_directory(source: Path, *, corrections: Path, target: Path) -> None:
    """Write ``target`` from the raw tables in ``source`` and the hand-written ``corrections``.

    Raises:
        FileNotFoundError: a raw table is missing.
        KeyError: a raw table lacks a column.
    """
    fixed = tomllib.loads(read_bounded_text(corrections, most=LARGE))
    raw = {path.stem: _read(path) for path in sorted(source.glob("*.csv"))}
    target.mkdir(parents=True, exist_ok=True)
    for table, rows in _tables(raw, fixed).items():
        (target / f"{table}.csv").write_text(_csv(COLUMNS[table], rows), encoding="utf-8")
    for layer in ("gemeinden", "kreise"):
        text = read_bounded_text(source / f"{layer}_hessen.geojson", most=LARGE)
        name = {"gemeinden": "areas", "kreise": "districts"}[layer]
        (target / f"{name}.geojson").write_text(_geojson(json.loads(text)), encoding="utf-8")
    (target / "manifest.toml").write_text(_manifest(fixed), encoding="utf-8")


def verified(source: str) -> str:
    """A source that says so itself is unchecked."""
    return "no" if "unverified" in source else "yes"


def _read(path: Path) -> Raw:
    return list(csv.DictReader(StringIO(read_bounded_text(path, most=LARGE), newline="")))


def _csv(columns: tuple[str, ...], rows: Iterable[Row]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    lines = sorted(text.getvalue().splitlines())
    return "".join(f"{line}\n" for line in (",".join(columns), *lines))


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(sorted(value))
    return "" if value is None else str(value)


def _geojson(layer: Any) -> str:
    """One feature a line, so that a changed border is one changed line."""
    features = [
        json.dumps(
            {"type": "Feature", "id": part["id"], "properties": {}, "geometry": part["geometry"]},
            separators=(",", ":"),
        )
        for part in sorted(layer["features"], key=lambda part: str(part["id"]))
    ]
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n"


def _manifest(fixed: Mapping[str, Any]) -> str:
    lines = [
        "# Written by `amtsweg directory compile`. Each table: where from, under which licence, of which day.",
        f"land = {json.dumps(fixed['land']['key'])}",
        f"name = {json.dumps(fixed['land']['name'], ensure_ascii=False)}",
    ]
    for table, entry in sorted(fixed["tables"].items()):
        lines += ["", f"[tables.{table}]"]
        lines += [
            f"{field} = {json.dumps(str(entry[field]), ensure_ascii=False)}"
            for field in ("source", "licence", "attribution", "state")
        ]
    return "\n".join(lines) + "\n"


def _tables(raw: Mapping[str, Raw], fixed: Mapping[str, Any]) -> dict[str, Iterable[Row]]:
    return {
        "authorities": _authorities(raw, fixed),
        "areas": _areas(raw["gemeinden_hessen"]),
        "districts": _districts(raw["kreise_hessen"]),
        "regions": [
            {
                "key": row["ags"],
                "name": row["name"],
                "administration": f"rp-{row['ags']}",
                "source": row["quelle"],
            }
            for row in raw["regierungsbezirke_hessen"]
        ],
        "successions": [
            {"day": row["datum"], "kind": row["art"], "old": row["alt_ags"], "new": row["neu_ags"]}
            for row in raw["gebietsaenderungen_hessen"]
        ],
        "names": _names(raw["ortsnamen_hessen"], fixed["names"]),
        "localities": _localities(raw["ortsteile_hessen"], fixed["localities"]),
        "populations": _populations(raw["gemeinden_hessen"], fixed["populations"]),
        "postcodes": _postcodes(raw["plz_gemeinde_hessen"], fixed["postcodes"]),
        "chambers": _chambers(raw, fixed),
        "services": _services(raw),
        "competences": competences(raw["dienste_zustaendigkeit_hessen"], fixed["competences"]),
        "lists": listed(raw["gemeinden_hessen"], fixed["lists"]),
        "agreements": fixed["agreements"],
    }


def _authorities(raw: Mapping[str, Raw], fixed: Mapping[str, Any]) -> Iterator[Row]:
    for row in raw["gemeinden_hessen"]:
        if row["art"] != "gemeindefreies Gebiet":
            title = "Gemeindevorstand der Gemeinde" if row["art"] == "Gemeinde" else "Magistrat der Stadt"
            yield _authority(
                f"g-{row['ags']}", "municipality", f"{title} {row['name_kurz']}", row["name_kurz"], row
            )
    for row in raw["kreise_hessen"]:
        if row["art"] == "Landkreis":
            named = row["name"].casefold().endswith("kreis")
            name = (
                f"Kreisausschuss des {row['name']}es"
                if named
                else f"Kreisausschuss des Landkreises {row['name']}"
            )
            yield _authority(f"k-{row['ags']}", "district", name, row["sitz"], row)
    for row in raw["regierungsbezirke_hessen"]:
        yield _authority(f"rp-{row['ags']}", "region", row["behoerde"], row["sitz"], row)
    for row in raw["kammern_hessen"]:
        identity = fixed["chamber_ids"].get(row["kammer_id"], row["kammer_id"])
        yield _authority(identity, _CHAMBER_KINDS.get(row["typ"], "chamber"), row["name"], row["sitz"], row)
    yield from fixed["authorities"]


def _authority(identity: str, kind: str, name: str, seat: str, row: Mapping[str, str]) -> Row:
    return {
        "id": identity,
        "kind": kind,
        "name": name,
        "seat": seat,
        "code": row.get("xunternehmen_code"),
        "valid_from": row.get("gueltig_ab"),
        "valid_to": row.get("gueltig_bis"),
        "source": row["quelle"],
        "verified": verified(row["quelle"]),
    }


def _areas(rows: Raw) -> Iterator[Row]:
    for row in rows:
        kind = _AREA_KINDS[row["art"]]
        yield {
            "ags": row["ags"],
            "ars": row["ars"],
            "name": row["name_kurz"],
            "kind": kind,
            "district": row["kreis_ags"],
            "region": row["rb_ags"],
            "administration": None if kind == "unincorporated" else f"g-{row['ags']}",
            "valid_from": row["gueltig_ab"],
            "valid_to": row["gueltig_bis"],
            "source": row["quelle"],
        }


def _districts(rows: Raw) -> Iterator[Row]:
    for row in rows:
        independent = row["art"] == "kreisfreie Stadt"
        yield {
            "key": row["ags"],
            "name": row["name"].split(",")[0],
            "region": row["rb_ags"],
            "administration": f"g-{row['ags']}000" if independent else f"k-{row['ags']}",
            "nuts3": row["nuts3"],
            "valid_from": row["gueltig_ab"],
            "valid_to": row["gueltig_bis"],
            "source": row["quelle"],
        }


def _names(rows: Raw, fixed: list[dict[str, Any]]) -> Iterator[Row]:
    for row in rows:
        yield {"ags": row["ags"], "name": row["name"], "source": row["quelle"]}
    for entry in fixed:
        for name in entry["names"]:
            yield {**entry, "name": name}


def _localities(rows: Raw, fixed: Mapping[str, Any]) -> Iterator[Row]:
    for row in rows:
        if row["geonameid"] not in fixed["drop"]:
            yield {
                "ags": row["ags"],
                "name": row["ortsname"],
                "postcode": row["plz_punkt"],
                "geonames": row["geonameid"],
            }
    for entry in fixed["add"]:
        for ags in entry["ags"]:
            yield {"ags": ags, "name": entry["name"]}


def _populations(rows: Raw, fixed: list[dict[str, Any]]) -> Iterator[Row]:
    corrected = {row["ags"] for row in fixed}
    yield from fixed
    for row in rows:
        if row["einwohner"] and row["ags"] not in corrected:
            counted = "2022-12-31" if row["quelle"] == "GV100AD 31.12.2022" else "2024-12-31"
            yield {
                "ags": row["ags"],
                "people": row["einwohner"],
                "counted_on": counted,
                "source": row["quelle"],
                "verified": True,
            }


def _postcodes(rows: Raw, fixed: list[dict[str, Any]]) -> Iterator[Row]:
    corrected = {(row["postcode"], row.get("replaces", row["ags"])) for row in fixed}
    yield from ({"other_land": False, **row} for row in fixed)
    for row in rows:
        if (row["plz"], row["ags"]) not in corrected:
            yield {
                "postcode": row["plz"],
                "ags": row["ags"],
                "quality": _QUALITIES[row["guete"]],
                "main": row["haupt"] == "1",
                "other_land": row["auch_anderes_land"] == "1",
            }


def _chambers(raw: Mapping[str, Raw], fixed: Mapping[str, Any]) -> Iterator[Row]:
    corrected = {(row["ags"], row["kind"]) for row in fixed["chambers"]}
    like = {model: chamber for chamber, model in fixed["chambers_like"].items()}
    yield from fixed["chambers"]
    for row in raw["kammerbezirke_hessen"]:
        court = "Bezirk der Landgerichte"
        bar = (row["rak"], court if row["rak"] == "rak-frankfurt" else f"{court}, unverified")
        found = {"ihk": (row["ihk"], row["ihk_quelle"]), "hwk": (row["hwk"], row["hwk_quelle"])}
        if row["rak"]:
            found |= {"rak": bar, "notk": (like[row["rak"]], f"wie {row['rak']}, unverified")}
        for kind, (chamber, source) in found.items():
            if (row["ags"], kind) not in corrected:
                yield {
                    "ags": row["ags"],
                    "kind": kind,
                    "chamber": chamber,
                    "source": source,
                    "verified": verified(source),
                }
    for row in raw["kammern_hessen"]:
        if (statewide := fixed["chamber_ids"].get(row["kammer_id"])) is not None:
            yield {
                "ags": fixed["land"]["key"],
                "kind": statewide.split("-")[0],
                "chamber": statewide,
                "source": row["quelle"],
                "verified": verified(row["quelle"]),
            }


def _services(raw: Mapping[str, Raw]) -> Iterator[Row]:
    catalogued = set()
    for row in raw["leika_ozg_2019"]:
        catalogued.add(row["leika_schluessel"])
        yield {
            "key": row["leika_schluessel"],
            "name": " ".join(row["bezeichnung"].split()),
            "typing": row["typisierung"],
            "source": "katalog-2019",
        }
    for row in raw["dienste_zustaendigkeit_hessen"]:
        if row["leika_schluessel"] not in catalogued:
            yield {
                "key": row["leika_schluessel"],
                "name": row["bezeichnung"],
                "source": row["schluessel_quelle"],
            }
