"""Words that name a place outside the Land: other Länder, their usual abbreviations, neighbours, and large cities.

The directory knows the names of its own Land only. A large city of another Land beside a name is a second
municipality, not a quarter. A name that the directory does know counts for what the directory says.
"""

from typing import Final

from services.router.domain.decision.place_names import Token, tokens

_LAENDER: Final = {
    "Baden-Württemberg": "BaWü BW",
    "Bayern": "BY",
    "Brandenburg": "BB",
    "Bremen": "HB",
    "Hamburg": "HH",
    "Hessen": "HE",
    "Mecklenburg-Vorpommern": "MV",
    "Niedersachsen": "Nds NI",
    "Nordrhein-Westfalen": "NRW NW",
    "Rheinland-Pfalz": "RLP RP",
    "Saarland": "SL",
    "Sachsen": "SN",
    "Sachsen-Anhalt": "LSA",
    "Schleswig-Holstein": "SH",
    "Thüringen": "TH",
}
_NEIGHBOURS: Final = "Österreich Austria Schweiz Switzerland"
_CITIES: Final = (
    "Aachen Augsburg Berlin Bielefeld Bochum Bonn Bottrop Braunschweig Bremen Bremerhaven Chemnitz Cottbus Dortmund "
    "Dresden Duisburg Düsseldorf Erfurt Erlangen Essen Freiburg Gelsenkirchen Göttingen Gütersloh Hagen Hamburg Hamm "
    "Hannover Heidelberg Heilbronn Herne Hildesheim Ingolstadt Jena Kaiserslautern Karlsruhe Kiel Koblenz Köln Krefeld "
    "Leipzig Leverkusen Lübeck Ludwigshafen Magdeburg Mainz Mannheim Moers Mönchengladbach München Neuss Nürnberg "
    "Oberhausen Oldenburg Osnabrück Paderborn Pforzheim Potsdam Recklinghausen Regensburg Remscheid Reutlingen Rostock "
    "Saarbrücken Salzgitter Siegen Solingen Stuttgart Trier Ulm Wolfsburg Wuppertal Würzburg Zwickau "
    "Aschaffenburg Eisenach Worms"
)
_WORDS: Final = frozenset(
    token.text for part in (*_LAENDER, *_LAENDER.values(), _NEIGHBOURS, _CITIES) for token in tokens(part)
)
_LEAST: Final = 3


def is_beyond(token: Token, land: frozenset[str]) -> bool:
    """Whether the word, which is part of no known name, names a place outside the Land that these words name."""
    if not token.dotted:
        return any(word in _WORDS and word not in land for word in token.meanings)
    return any(token.means(word, least=_LEAST) for word in _WORDS - land)


def land_words(name: str) -> frozenset[str]:
    """The words that name this Land: its name, its usual abbreviations, and its parts, such as Nordhessen."""
    parts = (f"{side}{name.lower()}" for side in ("Nord", "Ost", "Süd", "West", "Mittel"))
    return frozenset(token.text for part in (name, _LAENDER.get(name, ""), *parts) for token in tokens(part))
