from shared.web.rate_limit import Bucket, Rates


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_empty_bucket_says_how_long_to_wait_and_fills_again() -> None:
    clock = Clock()
    bucket = Bucket(2, seconds=clock)

    assert [bucket.take(), bucket.take(), bucket.take()] == [0, 0, 30]
    clock.now = 30.0
    assert [bucket.take(), bucket.take()] == [0, 30]


def test_a_bucket_never_holds_more_than_a_minutes_worth() -> None:
    clock = Clock()
    bucket = Bucket(2, seconds=clock)
    clock.now = 3600.0

    assert [bucket.take(), bucket.take(), bucket.take()] == [0, 0, 30]


def test_one_address_that_asks_too_much_silences_nobody_else() -> None:
    rates = Rates(100, per_address=2, seconds=Clock())

    assert [rates.take("192.0.2.1") for _ in range(3)] == [0, 0, 30]
    assert rates.take("192.0.2.2") == 0


def test_all_addresses_together_have_a_limit() -> None:
    rates = Rates(3, per_address=2, seconds=Clock())

    assert [rates.take(f"192.0.2.{n}") for n in range(4)] == [0, 0, 0, 20]
