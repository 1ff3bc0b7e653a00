"""Past submissions that a change would have diverted, taken together."""

from collections.abc import AsyncIterator, Iterable
from datetime import date

from amtsweg.directory.traffic import Diverted, diverted
from shared.events.competence import Inquiry, Place
from tests.support.directories import BEACON, BOAT, nordmark, with_lower_threshold


async def asked(inquiries: Iterable[Inquiry]) -> AsyncIterator[Inquiry]:
    for inquiry in inquiries:
        yield inquiry


async def test_of_the_past_submissions_only_the_diverted_ones_are_counted_with_first_and_last_day() -> None:
    past = [
        Inquiry(service=service, place=Place(ags="01051001"), on=date(2029, month, 1))
        for service in (BOAT, BEACON)
        for month in (3, 1, 2)
    ]
    assert await diverted(asked(past), old=nordmark(), new=with_lower_threshold()) == [
        Diverted(
            service=BEACON,
            before="k-01051",
            after="g-01051001",
            count=3,
            first=date(2029, 1, 1),
            last=date(2029, 3, 1),
        )
    ]


async def test_a_change_that_diverts_nothing_names_nothing() -> None:
    past = [Inquiry(service=BEACON, place=Place(ags="01051001"), on=date(2029, 1, 1))]
    assert await diverted(asked(past), old=nordmark(), new=nordmark()) == []
