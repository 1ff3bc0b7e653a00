"""How roles get their passwords: PostgreSQL is told the verifier; integration/stack logs in with what it was made from."""

from pathlib import Path

import pytest

from amtsweg.stack.provision.logins import Logins
from amtsweg.stack.provision.postgres import ROLES, _roles


@pytest.mark.parametrize("known", [set[str](), set(ROLES)])
def test_no_statement_holds_a_password(tmp_path: Path, known: set[str]) -> None:
    logins = Logins.of({role: tmp_path / role for role in ROLES})
    statements = [*_roles(known=known, logins=logins)]
    assert sum("password 'SCRAM-SHA-256$" in statement for statement in statements) == len(ROLES)
    assert not [s for s in statements for password in logins.passwords.values() if password in s]
