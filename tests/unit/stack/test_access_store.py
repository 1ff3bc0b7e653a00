"""A call that PostgreSQL will always refuse ends otherwise than one that may succeed later."""

import asyncpg
import pytest

from amtsweg.access_store import asked_postgres
from amtsweg.exit_status import MISTAKE, UNDECIDED
from amtsweg.stack.errors import StackError


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (asyncpg.InvalidPasswordError, MISTAKE),
        (asyncpg.InvalidAuthorizationSpecificationError, MISTAKE),
        (asyncpg.InvalidCatalogNameError, MISTAKE),
        (asyncpg.InsufficientPrivilegeError, MISTAKE),
        (asyncpg.CannotConnectNowError, UNDECIDED),
        (asyncpg.TooManyConnectionsError, UNDECIDED),
        (ConnectionRefusedError, UNDECIDED),
    ],
)
def test_the_status_says_whether_the_call_has_to_be_corrected(error: type[Exception], status: int) -> None:
    with pytest.raises(StackError, match="not today") as told, asked_postgres():
        raise error("not today")

    assert told.value.status == status
