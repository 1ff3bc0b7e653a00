import time

from services.intake.adapters.rates import RedisRates
from tests.support.stack import unique


async def test_requests_are_counted_down_across_replicas(redis_url: str) -> None:
    clock = iter([120.0, 120.0, 175.0, 180.0]).__next__
    who = unique("client")
    replicas = [RedisRates(redis_url, limit=2, clock=clock) for _ in range(2)]
    quotas = [await replicas[n % 2].count(who) for n in range(4)]
    for replica in replicas:
        await replica.close()
    assert [(q.remaining, q.resets_in, q.exceeded) for q in quotas if q] == [
        (1, 60, False),
        (0, 60, False),
        (-1, 5, True),
        (1, 60, False),
    ]


async def test_with_redis_away_everybody_is_let_in_without_waiting() -> None:
    rates = RedisRates("redis://127.0.0.1:1", limit=1)
    began = time.perf_counter()
    assert [await rates.count("client") for _ in range(100)] == [None] * 100
    assert time.perf_counter() - began < 1
    await rates.close()


async def test_a_replica_fetches_permits_in_parcels_of_a_thousandth(redis_url: str) -> None:
    who = unique("client")
    one, other = (RedisRates(redis_url, limit=3000, clock=lambda: 120.0) for _ in range(2))
    quotas = [await one.count(who) for _ in range(3)] + [await other.count(who)]
    assert [quota.remaining for quota in quotas if quota] == [2999, 2998, 2997, 2996]
    quotas = [await one.count(who)]  # a parcel of three: the other has two of its own left
    assert [quota.remaining for quota in quotas if quota] == [2993]
    for replica in (one, other):
        await replica.close()
