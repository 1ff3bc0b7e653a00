from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.events.receipt_number import read_number, receipt_number

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NOON = datetime(2026, 1, 12, 12, tzinfo=UTC)


def sums_up(letters: str) -> bool:
    """Luhn modulo 32, as whoever listens computes it: every second letter from the right but one counts double."""
    values = [ALPHABET.index(letter) * (1 + place % 2) for place, letter in enumerate(reversed(letters))]
    return sum(value // 32 + value % 32 for value in values) % 32 == 0


def test_the_year_is_that_of_the_calendar_day_in_germany() -> None:
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert receipt_number(UUID(int=1), received_at=late).startswith("AW-2027-")


@given(st.uuids())
def test_a_number_is_made_of_letters_that_are_not_mistaken_for_another(submission: UUID) -> None:
    _, _, *groups = receipt_number(submission, received_at=NOON).split("-")
    assert [len(group) for group in groups] == [4, 4, 4]
    assert set("".join(groups)) <= set(ALPHABET)


@given(st.uuids(), st.integers(0, 11), st.sampled_from(ALPHABET))
def test_one_misheard_letter_is_noticed(submission: UUID, place: int, letter: str) -> None:
    number = receipt_number(submission, received_at=NOON)
    letters = number[8:].replace("-", "")
    assert sums_up(letters[:place] + letter + letters[place + 1 :]) == (letters[place] == letter)


@given(st.uuids(), st.uuids())
def test_two_submissions_have_two_numbers(one: UUID, other: UUID) -> None:
    numbers = {receipt_number(each, received_at=NOON) for each in (one, other)}
    assert len(numbers) == len({one, other})


@given(st.uuids(), st.sampled_from([str.lower, str.upper, lambda text: text.replace("-", " "), str.strip]))
def test_a_number_is_read_as_people_write_it(submission: UUID, written: Callable[[str], str]) -> None:
    number = receipt_number(submission, received_at=NOON)
    assert read_number(written(number)) == number


@given(st.uuids())
def test_letters_that_are_mistaken_for_digits_are_read_as_those(submission: UUID) -> None:
    number = receipt_number(submission, received_at=NOON)
    letters = number[len("AW-2026-") :].replace("0", "o").replace("1", "l")
    assert read_number("AW-2026-" + letters) == number


@given(st.text(max_size=30))
def test_an_invalid_receipt_number_is_not_read(text: str) -> None:
    assert read_number(text) is None or text.upper().strip().startswith("A")
