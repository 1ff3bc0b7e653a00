import math
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.breaker import Breaker
from services.notifier.domain.retry import GiveUp, RetryPolicy, Wait, pause_after, retry
from services.notifier.domain.token_bucket import Pace

NOW = 1000.0
"""Seconds of a monotonic clock."""
PATIENCE = RetryPolicy()

jitters = st.floats(min_value=0, max_value=1)
ages = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=1))


@given(st.integers(min_value=1, max_value=10_000), jitters)
def test_pauses_grow_up_to_the_longest(attempts: int, jitter: float) -> None:
    this = retry(PATIENCE, attempts=attempts, age=timedelta(0), jitter=jitter)
    following = retry(PATIENCE, attempts=attempts + 1, age=timedelta(0), jitter=jitter)
    assert isinstance(this, Wait)
    assert isinstance(following, Wait)
    assert PATIENCE.first * 0.75 <= this.pause <= following.pause <= PATIENCE.longest


@given(st.integers(min_value=1, max_value=50), jitters)
def test_nothing_is_tried_after_the_ceiling(attempts: int, jitter: float) -> None:
    decision = retry(PATIENCE, attempts=attempts, age=PATIENCE.ceiling, jitter=jitter)
    assert decision == GiveUp()


@given(jitters)
def test_jitter_shortens_a_pause_by_a_quarter_at_most(jitter: float) -> None:
    decision = retry(PATIENCE, attempts=1, age=timedelta(0), jitter=jitter)
    assert isinstance(decision, Wait)
    assert PATIENCE.first * 0.75 <= decision.pause <= PATIENCE.first


@given(st.integers(min_value=0, max_value=10_000), jitters)
def test_what_nobody_has_caused_is_put_off_without_an_end(attempts: int, jitter: float) -> None:
    pause = pause_after(PATIENCE, attempts=attempts, jitter=jitter)
    assert PATIENCE.first * 0.75 <= pause <= PATIENCE.longest


def after(breaker: Breaker, *, failures: int) -> Breaker:
    for _ in range(failures):
        breaker = breaker.after_failure(NOW)
    return breaker


def test_a_breaker_stays_closed_below_its_limit() -> None:
    assert after(Breaker(limit=3), failures=2).allowance(NOW, most=8) == 8


def test_a_breaker_opens_at_its_limit_and_lets_one_mail_through_after_the_pause() -> None:
    breaker = after(Breaker(limit=3, pause=timedelta(seconds=5)), failures=3)
    assert breaker.allowance(NOW + 4.9, most=8) == 0
    assert breaker.allowance(NOW + 5, most=8) == 1


def test_a_failed_probe_doubles_the_pause_up_to_the_longest() -> None:
    breaker = Breaker(limit=1, pause=timedelta(seconds=5), longest=timedelta(seconds=15))
    now, pauses = NOW, []
    for _ in range(4):
        breaker = breaker.after_failure(now)
        assert breaker.open_until is not None
        pauses.append(breaker.open_until - now)
        now = breaker.open_until
    assert pauses == [5, 10, 15, 15]


def test_failures_that_were_under_way_when_a_breaker_opened_do_not_lengthen_its_pause() -> None:
    breaker = Breaker(limit=3, pause=timedelta(seconds=5))
    assert after(breaker, failures=50) == after(breaker, failures=3)


def test_a_success_closes_a_breaker() -> None:
    assert after(Breaker(limit=1), failures=9).after_success(NOW).allowance(NOW, most=8) == 8


def test_a_server_that_comes_back_gets_a_trickle_that_grows_until_there_is_no_limit() -> None:
    back = after(Breaker(limit=3), failures=3).after_success(NOW)
    assert [back.rate(NOW + seconds) for seconds in (0, 5, 10, 35, 60)] == [2, 4, 8, 256, math.inf]
    assert back.after_success(NOW + 1) == back
    assert Breaker().after_success(NOW).rate(NOW) == math.inf  # it was never away


def test_a_failure_while_a_server_comes_back_opens_its_breaker_at_once_and_later_it_takes_several() -> None:
    back = after(Breaker(limit=3, pause=timedelta(seconds=5)), failures=3).after_success(NOW)
    assert back.after_failure(NOW + 10).open_until == NOW + 15
    assert back.after_failure(NOW + 60).allowance(NOW + 60, most=8) == 8


@given(st.floats(min_value=0.5, max_value=500), st.floats(min_value=1, max_value=20))
def test_a_bucket_that_was_full_holds_no_more_than_the_slower_rate(per_second: float, slower: float) -> None:
    pace = Pace.of(per_second, now=NOW).refilled(NOW, at_most=slower)
    assert pace.tokens <= slower
    assert pace.spend(int(pace.tokens)).refilled(NOW + 1, at_most=slower).tokens <= 2 * slower


@given(
    st.floats(min_value=0.5, max_value=500), st.lists(st.integers(min_value=0, max_value=2000), max_size=30)
)
def test_no_more_mails_than_the_rate_allows(per_second: float, milliseconds: list[int]) -> None:
    pace, now, sent = Pace.of(per_second, now=NOW), NOW, 0
    for pause in milliseconds:
        now += pause / 1000
        pace = pace.refilled(now)
        mails = int(pace.tokens)
        pace, sent = pace.spend(mails), sent + mails
    burst = max(per_second, 1.0)
    assert sent <= burst + per_second * (now - NOW) + 1e-6


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    spent = Pace.of(10, now=NOW).spend(10)
    assert spent.refilled(NOW - 3600).tokens == 0
