import csv
from datetime import date

import pytest

from amtsweg.directory.folder import shipped
from services.notifier.domain.deadlines.calendar import Calendar
from services.notifier.domain.deadlines.tables import BrokenLaw, TableRows, holiday_changes, read_law
from tests.support.law import CONFIRMATION, FICTION, hessian_law

TABLES = ("profiles", "services", "announcements", "courts", "remedies")
NO_HOLIDAYS = Calendar(lambda _: {})


def rows(name: str) -> TableRows:
    with (shipped() / "law" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def tables(**changed: TableRows) -> dict[str, TableRows]:
    return {name: rows(name) for name in TABLES} | changed


def test_every_service_of_the_directory_has_one_profile_today() -> None:
    with (shipped() / "competences.csv").open(encoding="utf-8", newline="") as lines:
        services = {row["service"] for row in csv.DictReader(lines)}
    law = hessian_law()
    assert len(services) == 56
    for service in services:
        row = law.service(service, on=date(2026, 11, 27))
        assert row is not None, service
        assert law.profile(row.profile, on=date(2026, 11, 27)) is not None, service


def test_every_district_has_its_court() -> None:
    with (shipped() / "districts.csv").open(encoding="utf-8", newline="") as lines:
        assert {row["key"] for row in csv.DictReader(lines)} == set(hessian_law().courts)


def test_every_regierungspraesidium_decides_without_an_objection_before_it() -> None:
    """§ 16a HessAGVwGO, of each that the directory knows and of nobody else."""
    with (shipped() / "authorities.csv").open(encoding="utf-8", newline="") as lines:
        kinds = {row["id"]: row["kind"] for row in csv.DictReader(lines)}
    law, today = hessian_law(), date(2026, 11, 27)
    remedies = {each: law.remedy("objection", authority=each, service=None, on=today) for each in kinds}
    assert {each for each, remedy in remedies.items() if remedy == "action"} == {
        each for each, kind in kinds.items() if kind == "region"
    }
    assert law.remedy("none", authority="rp-065", service=None, on=today) == "none"


def test_the_rule_of_a_service_goes_before_that_of_all_from_its_day() -> None:
    (first, *_), key = rows("remedies"), "99050023005000"
    own = {**first, "service": key, "remedy": "objection", "valid_from": "2027-01-01"}
    law = read_law(tables(remedies=[first, own]), calendar=NO_HOLIDAYS)
    asked = [
        law.remedy("objection", authority="rp-064", service=service, on=day)
        for service, day in ((key, date(2026, 12, 31)), (key, date(2027, 1, 1)), ("0", date(2027, 1, 1)))
    ]
    assert asked == ["action", "objection", "action"]
    with pytest.raises(BrokenLaw, match="two rows hold on one day"):
        read_law(tables(remedies=[first, first]), calendar=NO_HOLIDAYS)


def test_the_two_named_profiles_are_there() -> None:
    fiction = hessian_law().profile(FICTION, on=date(2026, 1, 1))
    confirmation = hessian_law().profile(CONFIRMATION, on=date(2026, 1, 1))
    assert fiction is not None
    assert confirmation is not None
    assert (fiction.deemed, fiction.starts, confirmation.deemed) == ("approval", "complete-documents", "none")


@pytest.mark.parametrize(
    ("column", "value", "complaint"),
    [
        ("length", "", "line 2, column length"),
        ("length", "0", "line 2, column length"),
        ("length", "-3", "line 2, column length"),
        ("length", "3.0", "line 2, column length"),
        ("unit", "weeks", "line 2, column unit"),
        ("unit", "none", "line 2, column length"),
        ("valid_from", "28.12.2009", "line 2, column valid_from"),
        ("verified", "ja", "line 2, column verified"),
        ("source", "", "line 2, column source"),
        ("name", " x", "line 2, column name"),
        ("starts", None, "line 2, column starts"),
    ],
)
def test_a_broken_profile_is_refused_with_its_place(column: str, value: str | None, complaint: str) -> None:
    first, *others = rows("profiles")
    with pytest.raises(BrokenLaw, match=complaint):
        read_law(tables(profiles=[{**first, column: value}, *others]), calendar=NO_HOLIDAYS)


def test_two_rows_for_one_day_are_refused() -> None:
    first, *others = rows("services")
    with pytest.raises(BrokenLaw, match="two rows hold on one day"):
        read_law(
            tables(services=[first, {**first, "valid_from": "2026-01-01"}, *others]), calendar=NO_HOLIDAYS
        )


def test_a_service_with_an_unknown_profile_is_refused() -> None:
    first, *others = rows("services")
    with pytest.raises(BrokenLaw, match="there is no profile nothing"):
        read_law(tables(services=[{**first, "profile": "nothing"}, *others]), calendar=NO_HOLIDAYS)


def test_a_new_rule_holds_from_its_day() -> None:
    first, *others = rows("services")
    later = {**first, "valid_from": "2027-01-01", "profile": FICTION}
    law = read_law(
        tables(services=[{**first, "valid_to": "2026-12-31"}, later, *others]), calendar=NO_HOLIDAYS
    )
    key = str(first["service"])
    assert [law.service(key, on=day).profile for day in (date(2026, 12, 31), date(2027, 1, 1))] == [  # type: ignore[union-attr] # both exist
        first["profile"],
        FICTION,
    ]


def test_a_holiday_added_late_is_read() -> None:
    added = {"day": "2026-04-15", "kind": "holiday", "name": "Gedenktag", "source": "Verordnung"}
    assert holiday_changes([added]) == {date(2026, 4, 15): "Gedenktag"}
    assert holiday_changes([{**added, "kind": "working-day"}]) == {date(2026, 4, 15): None}
    with pytest.raises(BrokenLaw, match="line 2, column kind"):
        holiday_changes([{**added, "kind": "maybe"}])
