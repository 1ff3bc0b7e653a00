from datetime import date

import pytest

from services.router.domain.decision.inquiry import BadInquiry, read_inquiry
from shared.events.competence import Attributes, Place, Reason
from tests.support.routing import hessen, resolve

TODAY = date(2026, 1, 12)
GOOD = {"service": "99050012104000", "ags": "06531005"}


def test_a_day_left_out_is_today() -> None:
    assert read_inquiry(GOOD, today=TODAY).on == TODAY


def test_the_road_may_stand_in_attributes_too() -> None:
    flat = read_inquiry({**GOOD, "road": "land"}, today=TODAY)
    assert flat == read_inquiry({**GOOD, "attributes": {"road": "land"}}, today=TODAY)
    assert flat.attributes == Attributes(road="land")


def test_null_is_as_good_as_absent() -> None:
    fields = {**GOOD, "ars": None, "plz": None, "town": None, "on": None, "choice": None}
    assert read_inquiry(fields, today=TODAY) == read_inquiry(GOOD, today=TODAY)


def test_unknown_fields_are_left_alone() -> None:
    assert read_inquiry({**GOOD, "id": 7, "note": "x"}, today=TODAY).place == Place(ags="06531005")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"service": None}, "service"),
        ({"service": "9905001210400"}, "service"),
        ({"service": 99050012104000}, "service"),
        ({"service": "９９050012104000"}, "service"),
        ({"ags": "0653100"}, "ags"),
        ({"ags": "06531"}, "ags"),
        ({"ags": ""}, "ags"),
        ({"ags": 6531005}, "ags"),
        ({"ags": "06531005\n"}, "ags"),
        ({"ags": None, "ars": "0653"}, "ars"),
        ({"ags": None, "ars": "06531005"}, "ars"),
        ({"ags": None, "plz": "3539"}, "plz"),
        ({"ags": None, "plz": "35390", "town": " "}, "town"),
        ({"ags": None, "town": "Gießen"}, "town"),
        ({"town": "Gießen"}, "town"),
        ({"plz": "35390"}, "plz"),
        ({"on": "2026-02-30"}, "on"),
        ({"on": "20260230"}, "on"),
        ({"on": "2026-1-1"}, "on"),
        ({"on": "2026-01-01T00:00:00"}, "on"),
        ({"on": 20260101}, "on"),
        ({"on": ""}, "on"),
        ({"choice": ""}, "choice"),
        ({"choice": 1}, "choice"),
        ({"road": "motorway"}, "road"),
        ({"road": ""}, "road"),
        ({"road": 1}, "road"),
        ({"attributes": {"road": "motorway"}}, "road"),
        ({"attributes": {"lane": "left"}}, "attributes"),
        ({"attributes": "road"}, "attributes"),
        ({"attributes": {}, "road": "land"}, "road"),
    ],
)
def test_a_field_that_cannot_be_read_is_named(fields: dict[str, object], field: str) -> None:
    with pytest.raises(BadInquiry) as error:
        read_inquiry({**GOOD, **fields}, today=TODAY)
    assert error.value.field == field


def test_the_error_does_not_repeat_what_was_typed() -> None:
    with pytest.raises(BadInquiry) as error:
        read_inquiry({**GOOD, "ags": "Erika Mustermann"}, today=TODAY)
    assert str(error.value) == "ags: expected a Gemeindeschlüssel: 8 digits"


@pytest.mark.parametrize("service", ["06012345678901", "12345678901234", "00000000000000"])
def test_a_service_key_of_another_issuer_is_an_unknown_service(service: str) -> None:
    inquiry = read_inquiry({**GOOD, "service": service}, today=date(2026, 1, 1))
    decision = resolve(inquiry, directory=hessen())
    assert (decision.authority, decision.reason) == (None, Reason.UNKNOWN_SERVICE)
