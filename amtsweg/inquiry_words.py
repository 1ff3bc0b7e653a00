"""What an inquiry expects, in the language of the call: which option is wrong, and what it should hold."""

import re
from typing import Final

from amtsweg.language import said

_OPTIONS: Final = {
    "receivedAt": "received",
    "supplementsReceivedAt": "supplements-received",
    "sentAt": "sent",
    "retrievedAt": "retrieved",
}
"""Options whose name is not that of the field."""

_GERMAN: Final = tuple(
    (re.compile(english), german)
    for english, german in (
        # about competence
        ("expected a LeiKa key: 14 digits", "erwartet wird ein LeiKa-Schlüssel: 14 Ziffern"),
        (
            "expected a Regionalschlüssel: 12 digits, or shortened to 2, 3, 5 or 9",
            "erwartet wird ein Regionalschlüssel: 12 Ziffern, oder gekürzt auf 2, 3, 5 oder 9",
        ),
        ("expected a Gemeindeschlüssel: 8 digits", "erwartet wird ein Gemeindeschlüssel: 8 Ziffern"),
        ("expected a postcode: 5 digits", "erwartet wird eine Postleitzahl: 5 Ziffern"),
        ("expected a name of 1 to 100 characters", "erwartet wird ein Name mit 1 bis 100 Zeichen"),
        (
            "expected a day that exists, as YYYY-MM-DD",
            "erwartet wird ein Tag, den es gibt, als JJJJ-MM-TT",
        ),
        (
            "expected the id of an authority",
            "erwartet wird die Kennung einer Stelle, zum Beispiel g-06531005",
        ),
        (
            "expected municipal, district, land or federal",
            "erwartet wird municipal, district, land oder federal",
        ),
        (
            "expected only one of ars, ags and plz; (ars|ags) is given, too",
            r"erwartet wird nur eines von --ars, --ags und --plz; --\1 ist auch angegeben",
        ),
        (r"a town needs its postcode \(plz\)", "erwartet wird zum Ort seine Postleitzahl (--plz)"),
        # about periods
        (
            "expected exactly one of service and profile",
            "erwartet wird genau eines von --service und --profile",
        ),
        (
            "expected the name of a profile: a-z, 0-9 and dashes",
            "erwartet wird der Name eines Rechtsprofils: a-z, 0-9 und Bindestriche",
        ),
        (
            r"expected an instant as ISO 8601 \((\S+)\) or a day \((\S+)\), between ([0-9]+) and ([0-9]+)",
            r"erwartet wird ein Zeitpunkt nach ISO 8601 (\1) oder ein Tag (\2), von \3 bis \4",
        ),
        ("expected no day before receivedAt", "erwartet wird kein Tag vor dem des Eingangs (--received)"),
        ("expected no day before sentAt", "erwartet wird kein Tag vor dem der Absendung (--sent)"),
        ("expected only together with sentAt", "erwartet wird diese Angabe nur zusammen mit --sent"),
        ("expected only with portal as sentBy", "erwartet wird diese Angabe nur mit --sent-by portal"),
        ("expected one of (letter, [a-z, -]+)", r"erwartet wird eines von \1"),
        (
            "no rule of announcement is known for it on that day",
            "für diesen Weg ist an diesem Tag keine Regel der Bekanntgabe bekannt; erwartet wird ein anderer Tag oder Weg",
        ),
        ("expected single-contact or authority", "erwartet wird single-contact oder authority"),
        (r"expected a whole number from 0 to ([0-9]+)", r"erwartet wird eine ganze Zahl von 0 bis \1"),
        (
            "nothing runs that could be extended",
            "es läuft keine Frist, die sich verlängern ließe; erwartet wird diese Angabe nur ohne --incomplete",
        ),
        (
            r"the period would end after ([0-9]+)",
            r"die Frist würde nach \1 enden; erwartet wird ein früherer Tag",
        ),
        (
            "no legal profile is known for it on that day",
            "für diese Leistung ist an diesem Tag kein Rechtsprofil bekannt; erwartet wird eine andere, oder --profile",
        ),
        (
            "expected one of (.+), in force on that day",
            r"erwartet wird eines von \1, das an diesem Tag gilt",
        ),
        (r"profile (\S+) allows no extension", r"das Profil \1 lässt keine Verlängerung zu; erwartet wird 0"),
        (
            r"profile (\S+) allows ([0-9]+) months at most",
            r"erwartet werden beim Profil \1 höchstens \2 Monate",
        ),
    )
)


def inquiry_words(field: str, problem: str) -> str:
    """The option and what it expects; ``problem`` is what the inquiry's own error says, in English."""
    option = _OPTIONS.get(field) or re.sub("[A-Z]", lambda found: f"-{found[0].lower()}", field)
    return f"--{option}: {said(de=_in_german(problem), en=problem)}"


def _in_german(problem: str) -> str:
    for english, german in _GERMAN:
        if (found := english.fullmatch(problem)) is not None:
            return found.expand(german)
    return f"ungültig: `{problem}`"
