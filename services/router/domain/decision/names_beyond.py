"""Words that name a place outside the Land: other Länder, their usual abbreviations, neighbours, and large cities.

The directory knows the names of its own Land only. A large city of another Land beside a name is a second
municipality, not a quarter. A name that the directory does know counts for what the directory says.
"""

from typing import Final

from services.router.domain.decision.place_names import Token, tokens

_LAENDER: Final = (
    "Baden-Württemberg BaWü BW Bayern BY Brandenburg BB Mecklenburg-Vorpommern MV Niedersachsen Nds NI "
    "Nordrhein-Westfalen NRW NW Rheinland-Pfalz RLP RP Saarland SL Sachsen-Anhalt SN Schleswig-Holstein SH Thüringen "
    "TH Österreich Austria Schweiz Switzerland"
)
_CITIES: Final = (
    "Aachen Augsburg Berlin Bielefeld Bochum Bonn Bottrop Braunschweig Bremen Bremerhaven Chemnitz Cottbus Dortmund "
    "Dresden Duisburg Düsseldorf Erfurt Erlangen Essen Freiburg Gelsenkirchen Göttingen Gütersloh Hagen Hamburg Hamm "
    "Hannover Heidelberg Heilbronn Herne Hildesheim Ingolstadt Jena Kaiserslautern Karlsruhe Kiel Koblenz Köln Krefeld "
    "Leipzig Leverkusen Lübeck Ludwigshafen Magdeburg Mainz Mannheim Moers Mönchengladbach München Neuss Nürnberg "
    "Oberhausen Oldenburg Osnabrück Paderborn Pforzheim Potsdam Recklinghausen Regensburg Remscheid Reutlingen Rostock "
    "Saarbrücken Salzgitter Siegen Solingen Stuttgart Trier Ulm Wolfsburg Wuppertal Würzburg Zwickau "
    "Aschaffenburg Eisenach Worms"
)
_WORDS: Final = frozenset(token.text for token in tokens(f"{_LAENDER} {_CITIES}"))
_LEAST: Final = 3


def is_beyond(token: Token, land: frozenset[str]) -> bool:
    """Whether the word, which is part of no known name, names a place outside the Land that these words name."""
    return any(token.means(word, least=_LEAST) for word in _WORDS - land)
