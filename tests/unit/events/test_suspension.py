"""Who is suspended follows from the orders in their order, however often each was given."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.events.operation import ResumeOrdered, SuspendOrdered
from shared.events.suspension import SuspensionTimes

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ONE, OTHER = "g-06531005", "k-06531"
orders = st.lists(
    st.tuples(st.sampled_from((SuspendOrdered, ResumeOrdered)), st.sampled_from((ONE, OTHER))), max_size=12
)


def _hour(n: int) -> datetime:
    return BEGIN + timedelta(hours=n)


def _after(given_orders: list[tuple[type[SuspendOrdered | ResumeOrdered], str]]) -> SuspensionTimes:
    known = SuspensionTimes()
    for n, (kind, authority) in enumerate(given_orders):
        known = known.after(kind(authority=authority, principal="betrieb-3"), at=_hour(n))
    return known


@given(given_orders=orders)
def test_the_last_order_about_an_authority_says_whether_it_is_suspended(
    given_orders: list[tuple[type[SuspendOrdered | ResumeOrdered], str]],
) -> None:
    last = {authority: kind for kind, authority in given_orders}
    assert {*_after(given_orders).now()} == {each for each, kind in last.items() if kind is SuspendOrdered}


@given(given_orders=orders, at=st.integers(0, 14))
def test_each_instant_was_one_of_suspension_if_the_last_order_before_it_was(
    given_orders: list[tuple[type[SuspendOrdered | ResumeOrdered], str]], at: int
) -> None:
    between = _hour(at) + timedelta(minutes=30)
    earlier = [kind for kind, authority in given_orders[: at + 1] if authority == ONE]
    shut = bool(earlier) and earlier[-1] is SuspendOrdered
    assert _after(given_orders).any_between(ONE, between, between) == shut


def test_a_suspension_that_has_ended_is_known_for_the_time_it_lasted() -> None:
    known = _after([(SuspendOrdered, ONE), (ResumeOrdered, ONE)])
    assert known.any_between(ONE, BEGIN - timedelta(days=90), BEGIN + timedelta(days=90))
    assert not known.any_between(ONE, _hour(2), _hour(3))
    assert not known.any_between(OTHER, BEGIN, _hour(1))


def test_repeating_an_order_changes_neither_its_beginning_nor_who_gave_it() -> None:
    known = _after([(SuspendOrdered, ONE), (SuspendOrdered, ONE)])
    assert known.now() == {ONE: BEGIN}


def test_clocks_of_two_people_make_no_end_before_its_beginning() -> None:
    suspended = SuspensionTimes().after(SuspendOrdered(authority=ONE, principal="a"), at=_hour(2))
    resumed = suspended.after(ResumeOrdered(authority=ONE, principal="b"), at=_hour(1))
    assert resumed.now() == {}
    assert resumed.any_between(ONE, _hour(2), _hour(2))
