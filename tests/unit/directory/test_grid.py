from collections import Counter
from dataclasses import replace
from datetime import date

from amtsweg.directory.exhaustive_check import Move, check, days, grid, moves
from shared.events.competence import Place
from tests.support.directories import BEACON, moorings, nordmark, with_lower_threshold


def test_the_grid_asks_every_service_everywhere_on_every_day_of_change() -> None:
    asked = Counter(inquiry.on for inquiry in grid(nordmark()))
    assert asked == dict.fromkeys(days(nordmark()), 4 * 4)


def test_the_grid_begins_the_day_before_the_first_change() -> None:
    assert days(nordmark()) == [date(2027, 12, 31), date(2028, 1, 1), date(2030, 1, 1)]


def test_a_check_counts_answers_and_finds_no_hole() -> None:
    found = check(nordmark())
    assert found.holes == ()
    assert found.answers == {"routed": 37, "not-offered": 8, "ambiguous-place": 3}
    assert found.unverified == 0


def test_an_area_without_successor_is_a_hole() -> None:
    broken = replace(nordmark(), successions=())
    assert {inquiry.place for inquiry in check(broken).holes} == {
        Place(ags="01051001"),
        Place(ags="01051002"),
        Place(ags="01051003"),
    }


def test_a_move_names_service_authorities_areas_and_the_first_day() -> None:
    since = date(2027, 12, 31)
    assert moves(nordmark(), with_lower_threshold()) == [
        Move(service=BEACON, before="k-01051", after="ambiguous-place", since=since, areas=("01051003",)),
        Move(service=BEACON, before="k-01051", after="g-01051001", since=since, areas=("01051001",)),
    ]


def test_every_case_that_the_rows_tell_apart_is_asked() -> None:
    asked = {inquiry.attributes and inquiry.attributes.road for inquiry in grid(moorings())}
    assert asked == {None, "municipal", "district", "land"}


def test_a_move_for_one_class_of_roads_says_which() -> None:
    found = moves(moorings(), moorings(at_land_roads="region"))
    assert {(move.road, move.before, move.after) for move in found if move.road} == {
        ("land", "k-01051", "land-nordmark"),
        ("land", "g-01001000", "land-nordmark"),
    }


def test_a_directory_has_no_moves_against_itself() -> None:
    assert moves(nordmark(), nordmark()) == []
