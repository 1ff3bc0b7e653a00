"""A key file opens with its password alone, also for a JOSE library that is not ours."""

import json

import pytest
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from shared.crypto.key_file import SHORTEST_PASSWORD, protect
from tests.support.routing import private_key

PASSWORD = "drei Wörter und mehr"
KEY = private_key("g-06531005-1")


def _opened(file: str, password: str) -> object:
    registry = jwe.JWERegistry(algorithms=["PBES2-HS512+A256KW", "A256GCM"])
    return json.loads(
        jwe.decrypt_compact(file, OctKey.import_key(password), registry=registry).plaintext or b""
    )


def test_a_jose_library_opens_it_with_the_password() -> None:
    assert _opened(protect(KEY, password=PASSWORD, rounds=2000), PASSWORD) == KEY


def test_another_password_opens_nothing() -> None:
    with pytest.raises((JoseError, ValueError)):
        _opened(protect(KEY, password=PASSWORD, rounds=2000), PASSWORD + "!")


def test_a_short_password_is_refused() -> None:
    with pytest.raises(ValueError, match=f"at least {SHORTEST_PASSWORD}"):
        protect(KEY, password="kurz")
