"""The raw tables are not part of the project; a Land of two towns in their form shows what becomes of them."""

import json
from pathlib import Path

import pytest

from amtsweg.directory.compile import compile_directory
from services.router.adapters.directory_files import load
from services.router.domain.directory.model import Directory
from shared.events.competence import Place
from tests.support.directories import ask

RAW = {
    "gemeinden_hessen": """
ags,ars,name_amtlich,name_kurz,art,kreis_ags,rb_ags,gueltig_ab,gueltig_bis,einwohner,sonderstatus,quelle
06531005,065310005005,"Gießen, Universitätsstadt",Gießen,Stadt,06531,065,,,89179,Sonderstatus-Stadt,GV100AD
06531012,065310012012,Linden,Linden,Gemeinde,06531,065,,,13000,,GV100AD
06531200,065319200200,"Wald, gemfr. Gebiet",Wald,gemeindefreies Gebiet,06531,065,,,0,,GV100AD
""",
    "kreise_hessen": """
ags,name,art,rb_ags,sitz,nuts3,gueltig_ab,gueltig_bis,quelle
06531,Gießen,Landkreis,065,Gießen,DE721,,,GV100AD
""",
    "regierungsbezirke_hessen": """
ags,name,behoerde,sitz,quelle
065,Regierungsbezirk Gießen,Regierungspräsidium Gießen,Gießen,GV100AD
""",
    "gebietsaenderungen_hessen": "datum,art,alt_ags,neu_ags\n",
    "ortsnamen_hessen": "ags,name,quelle\n06531005,Giessen,Ortsliste\n",
    "ortsteile_hessen": "geonameid,ortsname,ags,plz_punkt\n1,Wieseck,06531005,35396\n2,Falsch,06531012,35440\n",
    "plz_gemeinde_hessen": """
plz,ags,guete,haupt,auch_anderes_land
35396,06531005,liste,1,0
35440,06531012,liste,1,0
35440,06531005,geometrie-schwach,0,0
""",
    "kammern_hessen": """
kammer_id,name,typ,sitz,xunternehmen_code,quelle
ihk-giessen,IHK Gießen,IHK,Gießen,129,Codeliste
laek,Landesärztekammer,Ärztekammer,Frankfurt,,"general knowledge, unverified"
notk-giessen,Notarkammer,Notarkammer,Gießen,,"general knowledge, unverified"
rak-giessen,Rechtsanwaltskammer,Rechtsanwaltskammer,Gießen,,Codeliste
""",
    "kammerbezirke_hessen": """
ags,ihk,ihk_quelle,hwk,hwk_quelle,rak
06531005,ihk-giessen,Verordnung,ihk-giessen,"Rest; general knowledge, unverified",rak-giessen
06531012,ihk-giessen,Verordnung,ihk-giessen,Verordnung,
06531200,ihk-giessen,Verordnung,ihk-giessen,Verordnung,
""",
    "leika_ozg_2019": """
leika_schluessel,bezeichnung,typisierung
99050012104000,Gewerbe  Anmeldung,2/3
99012001001000,Abbruchgenehmigung Erteilung,4
""",
    "dienste_zustaendigkeit_hessen": """
leika_schluessel,bezeichnung,schluessel_quelle,zustaendig_ebene,zustaendige_stelle,ortsanknuepfung,rechtsgrundlage,quelle_zustaendigkeit,hinweis
99050012104000,Gewerbe,katalog-2019,GEMEINDE,Gemeinde,Betriebsstätte,§ 14 GewO,RP Gießen,
99012008001000,Baugenehmigung,Bundesportal,KREIS_SONDERSTATUS,Kreis,Grundstück,§ 60 HBO,"general knowledge, unverified",
99012001001000,Abbruchgenehmigung,katalog-2019,KREIS_SONDERSTATUS,Kreis,Grundstück,§ 60 HBO,HBO,
""",
}  # fmt: skip

CORRECTIONS = """
chambers = []
names = []
postcodes = []
populations = []
lists = []
agreements = []
authorities = []
localities.drop = ["2"]
localities.add = [{ name = "Rödgen", ags = ["06531005"] }]
chamber_ids.laek = "laek-hessen"
chambers_like.notk-giessen = "rak-giessen"
[land]
key = "06"
name = "Hessen"
[[competences]]
service = "99012001001000"
decides = "nobody"
legal_basis = "§ 63a HBO"
source = "Ministerium"
verified = true
"""
TABLES = (
    "agreements areas authorities chambers competences districts lists localities names populations postcodes "
    "regions services successions map"
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    for name, text in RAW.items():
        (folder / f"{name}.csv").write_text(text.lstrip(), encoding="utf-8")
    ring = [[8.6, 50.5], [8.7, 50.5], [8.7, 50.6], [8.6, 50.5]]
    part = {"id": "06531005", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    for layer in ("gemeinden", "kreise"):
        text = json.dumps({"type": "FeatureCollection", "features": [part]})
        (folder / f"{layer}_hessen.geojson").write_text(text, encoding="utf-8")
    return folder


def compiled(source: Path, name: str = "land") -> Path:
    target = source.parent / name
    corrections = source.parent / "land.toml"
    entries = (
        f'[tables.{table}]\nsource="s"\nlicence="MIT"\nattribution="a"\nstate=2026-01-01\n'
        for table in TABLES.split()
    )
    corrections.write_text(CORRECTIONS + "".join(entries), encoding="utf-8")
    compile_directory(source, corrections=corrections, target=target)
    return target


@pytest.fixture
def directory(source: Path) -> Directory:
    return load(compiled(source))


def test_compiling_twice_gives_the_same_bytes(source: Path) -> None:
    once, again = compiled(source), compiled(source, "again")
    written = [{file.name: file.read_bytes() for file in folder.iterdir()} for folder in (once, again)]
    assert written[0] == written[1]
    assert len(written[0]) == 17


def test_the_order_of_the_raw_lines_does_not_matter(source: Path) -> None:
    once = load(compiled(source)).version
    table = source / "plz_gemeinde_hessen.csv"
    header, *lines = table.read_text(encoding="utf-8").splitlines()
    table.write_text("".join(f"{line}\n" for line in (header, *reversed(lines))), encoding="utf-8")
    assert load(compiled(source, "again")).version == once


def test_authorities_get_ids_and_names_of_ours(directory: Directory) -> None:
    names = {authority.id: authority.name for authority in directory.authorities.values()}
    assert names["g-06531005"] == "Magistrat der Stadt Gießen"
    assert names["g-06531012"] == "Gemeindevorstand der Gemeinde Linden"
    assert names["k-06531"] == "Kreisausschuss des Landkreises Gießen"
    assert {"rp-065", "ihk-giessen", "laek-hessen"} < names.keys()
    assert "g-06531200" not in names


def test_a_row_that_says_unverified_is_unverified(directory: Directory) -> None:
    assert ask(directory, "99050012104000", Place(ags="06531005")).verified
    assert not ask(directory, "99012008001000", Place(ags="06531005")).verified


def test_a_city_with_special_status_stands_on_the_list(directory: Directory) -> None:
    assert ask(directory, "99012008001000", Place(ags="06531005")).authority == "g-06531005"
    assert ask(directory, "99012008001000", Place(ags="06531012")).authority == "k-06531"


def test_a_hand_written_competence_replaces_the_raw_one(directory: Directory) -> None:
    assert ask(directory, "99012001001000", Place(ags="06531005")).reason == "not-offered"


def test_names_localities_and_postcodes_find_the_town(directory: Directory) -> None:
    for town in ("Wieseck", "Rödgen"):
        assert ask(directory, "99050012104000", Place(plz="35396", town=town)).authority == "g-06531005"
    assert ask(directory, "99050012104000", Place(plz="35440", town="Falsch")).reason == "unknown-place"
    assert ask(directory, "99050012104000", Place(plz="35440")).reason == "ambiguous-place"


def test_white_space_in_names_of_services_is_tidied(directory: Directory) -> None:
    assert directory.services["99050012104000"] == "Gewerbe Anmeldung"
