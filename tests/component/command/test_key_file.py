"""`amtsweg authority key-file`: a file that only its owner reads, and only with a password that is long enough."""

import json
from pathlib import Path

import pytest

from amtsweg.key_file import key_file
from amtsweg.stack.errors import StackError
from shared.crypto.key_file import ROUNDS
from shared.crypto.key_wrapping import decode
from tests.support.routing import authority_key, public_part

pytestmark = pytest.mark.slow

PASSWORD = "drei Wörter und mehr"
GIESSEN = "g-06531005"


def _write(tmp_path: Path, *, key: dict[str, str], password: str = PASSWORD) -> Path:
    (tmp_path / "key.jwk").write_text(json.dumps(key))
    (tmp_path / "password").write_text(password)
    target = tmp_path / "out.amtsweg-key"
    key_file(GIESSEN, key=tmp_path / "key.jwk", output=target, password_file=tmp_path / "password")
    return target


def test_the_file_is_its_owners_and_says_how_it_is_protected(tmp_path: Path) -> None:
    target = _write(tmp_path, key=authority_key(GIESSEN))
    assert target.stat().st_mode & 0o077 == 0
    header = json.loads(decode(target.read_text().partition(".")[0]))
    assert (header["alg"], header["enc"], header["p2c"]) == ("PBES2-HS512+A256KW", "A256GCM", ROUNDS)
    assert authority_key(GIESSEN)["d"] not in target.read_text()


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    _write(tmp_path, key=authority_key(GIESSEN))
    with pytest.raises(FileExistsError):
        _write(tmp_path, key=authority_key(GIESSEN))


@pytest.mark.parametrize("password", ["", "kurz", "x" * 11])
def test_a_short_password_writes_no_file(tmp_path: Path, password: str) -> None:
    with pytest.raises(StackError, match="at least 12"):
        _write(tmp_path, key=authority_key(GIESSEN), password=password)
    assert not (tmp_path / "out.amtsweg-key").exists()


def test_a_public_key_protects_nothing(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="private"):
        _write(tmp_path, key=public_part(authority_key(GIESSEN)))
