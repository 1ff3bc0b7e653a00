"""An inquiry from the fields of a query string, a command line or a line of a batch."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from pydantic import ValidationError

from shared.events.competence import Inquiry

_KEYS = ("ars", "ags", "plz")
FIELDS: Final = ("service", *_KEYS, "town", "on", "choice", "road", "attributes")
"""What an inquiry is made of."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EXPECTED: Mapping[str, str] = {
    "service": "a LeiKa key: 14 digits",
    "ars": "a Regionalschlüssel: 12 digits, or shortened to 2, 3, 5 or 9",
    "ags": "a Gemeindeschlüssel: 8 digits",
    "plz": "a postcode: 5 digits",
    "town": "a name of 1 to 100 characters",
    "on": "a day that exists, as YYYY-MM-DD",
    "choice": "the id of an authority",
    "road": "municipal, district, land or federal",
    "attributes": "an object, for example with road",
}


class BadInquiry(Exception):  # noqa: N818 - the inquiry is bad, not the program
    """A field is invalid; the text names the field and what is expected, never the value."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        super().__init__(f"{field}: {problem}")


def read_inquiry(fields: Mapping[str, object], *, today: date) -> Inquiry:
    """Return the inquiry with these fields: ``service, ars|ags|plz, town, on, choice, road``; None counts as absent.

    The road may also be a member of ``attributes``, as in a submission.

    Raises:
        BadInquiry: names the first invalid field.
    """
    given = {key: fields[key] for key in (*_KEYS, "town") if fields.get(key) is not None}
    keys = [key for key in _KEYS if key in given]
    if len(keys) > 1:
        raise BadInquiry(keys[1], f"expected only one of ars, ags and plz; {keys[0]} is given, too")
    if "town" in given and "plz" not in given:
        raise BadInquiry("town", "a town needs its postcode (plz)")
    road = fields.get("road")
    if road is not None and fields.get("attributes") is not None:
        raise BadInquiry("road", "expected beside attributes or in them, not both")
    try:
        return Inquiry.model_validate(
            {
                "service": fields.get("service"),
                "place": given or None,
                "on": _day(fields.get("on"), today=today),
                "choice": fields.get("choice"),
                "attributes": fields.get("attributes") if road is None else {"road": road},
            }
        )
    except ValidationError as error:
        places = (str(part) for part in reversed(error.errors()[0]["loc"]))
        field = next((place for place in places if place in _EXPECTED), "attributes")
        raise BadInquiry(field, f"expected {_EXPECTED[field]}") from error


def _day(value: object, *, today: date) -> date:
    if value is None:
        return today
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise BadInquiry("on", f"expected {_EXPECTED['on']}")
