"""What a place of a request should hold, in German and English, by the code of the fault: pydantic's or the JSON reader's."""

from collections.abc import Mapping
from typing import Any, Final

from shared.strict_json import DEEPEST
from shared.web.bilingual import Bilingual

_ONE_OF: Final = Bilingual(de="eines von: {values}", en="one of: {values}")
_OBJECT: Final = Bilingual(de="ein JSON-Objekt", en="a JSON object")
_LIST: Final = Bilingual(de="eine Liste", en="a list")
_EXPECTED: Final[Mapping[str, Bilingual]] = {
    "missing": Bilingual(de="eine Angabe; sie fehlt", en="a value; it is missing"),
    "extra_forbidden": Bilingual(
        de="nur Angaben, die /openapi.json nennt", en="only members that /openapi.json names"
    ),
    "json_invalid": Bilingual(de="ein JSON-Dokument nach RFC 8259", en="a JSON document (RFC 8259)"),
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dict_type": _OBJECT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "string_type": Bilingual(de="ein Text", en="a text"),
    "string_too_short": Bilingual(
        de="ein Text von mindestens {min_length} Zeichen", en="a text of at least {min_length} characters"
    ),
    "string_too_long": Bilingual(
        de="ein Text von höchstens {max_length} Zeichen", en="a text of at most {max_length} characters"
    ),
    "string_pattern_mismatch": Bilingual(
        de="ein Text nach dem Muster {pattern}", en="a text of the pattern {pattern}"
    ),
    "too_short": Bilingual(de="mindestens {min_length}", en="at least {min_length}"),
    "too_long": Bilingual(de="höchstens {max_length}", en="at most {max_length}"),
    "int": Bilingual(de="eine ganze Zahl", en="a whole number"),
    "float": Bilingual(de="eine Zahl", en="a number"),
    "finite_number": Bilingual(de="eine endliche Zahl", en="a finite number"),
    "greater_than": Bilingual(de="mehr als {gt}", en="more than {gt}"),
    "greater_than_equal": Bilingual(de="mindestens {ge}", en="at least {ge}"),
    "less_than": Bilingual(de="weniger als {lt}", en="less than {lt}"),
    "less_than_equal": Bilingual(de="höchstens {le}", en="at most {le}"),
    "bool": Bilingual(de="true oder false", en="true or false"),
    "uuid": Bilingual(de="eine UUID", en="a UUID"),
    "enum": _ONE_OF,
    "literal_error": _ONE_OF,
    "date": Bilingual(de="ein Tag, den es gibt, als JJJJ-MM-TT", en="a day that exists, as YYYY-MM-DD"),
    "datetime": Bilingual(
        de="ein Zeitpunkt mit Zone, zum Beispiel 2026-01-12T10:15:00Z",
        en="an instant with its zone, for example 2026-01-12T10:15:00Z",
    ),
    "union_tag_invalid": Bilingual(
        de="{discriminator} ist eines von: {expected_tags}", en="{discriminator} is one of: {expected_tags}"
    ),
    "union_tag_not_found": Bilingual(de="{discriminator}; es fehlt", en="{discriminator}; it is missing"),
    "instant_out_of_range": Bilingual(
        de="ein Zeitpunkt der Jahre {first} bis {last}", en="an instant of the years {first} to {last}"
    ),
    "not_printable": Bilingual(de="druckbare Zeichen", en="printable characters"),
    "always_with_kind": Bilingual(
        de="{member} genau dann, wenn kind {kinds} ist", en="{member} if kind is {kinds}, and only then"
    ),
    "only_with_kind": Bilingual(
        de="{member} nur, wenn kind {kinds} ist", en="{member} only if kind is {kinds}"
    ),
    "notice_missing": Bilingual(
        de="notice zusammen mit items, damit der Antragsteller erfährt, was fehlt",
        en="notice together with items, so that the applicant learns what is missing",
    ),
    "doubled-member": Bilingual(de="jeder Name einmal in einem Objekt", en="each member once in an object"),
    "number-not-exact": Bilingual(
        de="eine Zahl, die ein IEEE-Double genau wiedergibt (RFC 7493)",
        en="a number that an IEEE double carries exactly (RFC 7493)",
    ),
    "lone-surrogate": Bilingual(
        de="ganze Zeichen, kein einzelnes Surrogat", en="whole characters, no lone surrogate"
    ),
    "nested-too-deep": Bilingual(
        de=f"höchstens {DEEPEST} Ebenen ineinander", en=f"at most {DEEPEST} levels in one another"
    ),
    "nul-character": Bilingual(de="Text ohne das Zeichen NUL", en="text without the character NUL"),
    "too-many-values": Bilingual(
        de="höchstens {most_values} Angaben insgesamt", en="at most {most_values} members and elements in all"
    ),
}
_KINDS: Final = ("int", "float", "bool", "uuid", "datetime", "date")
"""Of these each way to be wrong has a code of its own (``int_parsing``, ``int_from_float``); expected is the same."""
_ZONE: Final = frozenset({"timezone_aware", "timezone_offset"})
_OTHER: Final = Bilingual(
    de="eine Angabe, wie /openapi.json sie beschreibt", en="a value as /openapi.json describes it"
)


def expected_of(fault: Mapping[str, Any]) -> Bilingual:
    """What was expected at the place of this fault (``type``, with ``ctx`` for the blanks); never what was found there."""
    code = str(fault["type"])
    kind = next((each for each in _KINDS if code.startswith(f"{each}_")), code)
    words = _EXPECTED.get("datetime" if code in _ZONE else kind, _OTHER)
    blanks = {name: str(value) for name, value in fault.get("ctx", {}).items() if name != "error"}
    values = blanks.get("expected", "").replace("'", "").replace(" or ", ", ")
    return words.format(**blanks, values=values)
