from services.router.adapters.rate import Bucket


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
