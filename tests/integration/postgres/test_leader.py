"""A lease has one holder, who keeps it by renewing; whoever does not is followed by another. Names do not touch."""

from datetime import timedelta

from shared.postgres.leader import Lease
from shared.postgres.pool import open_pool
from shared.postgres.tables import leases_table
from tests.support.stack import Database

LONG_AGO = timedelta(minutes=1)


async def test_one_holds_a_lease_until_it_does_not_renew_it(database: Database) -> None:
    async with await open_pool(database.url, schema="public", size=1) as pool:
        for statement in leases_table():
            await pool.execute(statement)
        one, other, elsewhere = Lease(pool, "work"), Lease(pool, "work"), Lease(pool, "other work")
        assert [await each.take() for each in (one, one, other, elsewhere)] == [True, True, False, True]
        await pool.execute("UPDATE leases SET until = until - $1::interval WHERE name = 'work'", LONG_AGO)
        assert [await each.take() for each in (other, one, elsewhere)] == [True, False, True]
