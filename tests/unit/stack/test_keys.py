"""The keys of a set-up are made once, fit together, and can be read by their owner only."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from amtsweg.stack.provision.authority_keys import AuthorityKeys
from amtsweg.stack.provision.keys import (
    Keyring,
    make_authority_key,
    make_client_key,
    make_keys,
    make_token,
)
from amtsweg.stack.provision.logins import Logins
from services.audit.domain.keys import SignatureType, SigningKey
from services.router.adapters.authorities import KeyFile

ORIGIN = "log.example/one"


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    return make_keys(tmp_path / "keys", authorities=["g-06531005", "rp-065"], log_origin=ORIGIN)


def everything(keys: Keyring) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in keys.folder.rglob("*") if path.is_file()}


def test_a_second_set_up_changes_nothing(keys: Keyring) -> None:
    before = everything(keys)
    make_keys(keys.folder, authorities=["g-06531005", "rp-065"], log_origin=ORIGIN)
    assert everything(keys) == before


def test_a_new_authority_gets_a_key_and_the_others_keep_theirs(keys: Keyring) -> None:
    before = json.loads(keys.authorities.read_text())
    make_keys(keys.folder, authorities=["g-06531005", "rp-065", "k-06531"], log_origin=ORIGIN)
    after = json.loads(keys.authorities.read_text())
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"k-06531"}


def test_only_the_owner_can_read_the_files(keys: Keyring) -> None:
    assert {path.stat().st_mode & 0o777 for path in everything(keys)} == {0o600}
    assert keys.folder.stat().st_mode & 0o777 == 0o700


def test_no_public_file_holds_a_private_key(keys: Keyring) -> None:
    public = [keys.platform_public, keys.contacts_public]
    assert all("d" not in json.loads(path.read_text()) for path in public)
    assert all("d" not in key for key in json.loads(keys.authorities.read_text()).values())
    assert all("d" not in key for key in json.loads(keys.tokens_public("desk").read_text())["keys"])


def test_the_public_key_is_that_of_the_private_one(keys: Keyring) -> None:
    private = json.loads(keys.platform.read_text())["keys"][-1]
    public = json.loads(keys.platform_public.read_text())
    assert public == {name: value for name, value in private.items() if name != "d"}


def test_intake_can_open_nothing_that_it_seals(keys: Keyring) -> None:
    private = json.loads(keys.platform.read_text())["keys"][0]["d"]
    assert all(private not in path.read_text() for path in (keys.folder / "intake").iterdir())


def test_the_log_signs_with_both_kinds_under_its_origin(keys: Keyring) -> None:
    signing = [SigningKey.from_text(line) for line in keys.log.read_text().splitlines()]
    assert [(key.name, key.kind) for key in signing] == [
        (ORIGIN, SignatureType.ED25519),
        (ORIGIN, SignatureType.ML_DSA_44),
    ]
    assert keys.log_verifier() == signing[0].verifier.to_text()


def test_a_clients_public_key_stays_the_same(tmp_path: Path) -> None:
    path = tmp_path / "client.jwk"
    assert make_client_key(path, client="one") == make_client_key(path, client="one")


def test_a_token_is_made_once(tmp_path: Path) -> None:
    assert make_token(tmp_path / "token") == make_token(tmp_path / "token")


def test_a_password_is_not_kept_before_the_server_knows_it(tmp_path: Path) -> None:
    files = {"router": tmp_path / "router" / "password"}
    first = Logins.of(files)
    assert first.fresh == {"router"}
    assert Logins.of(files).passwords != first.passwords

    first.keep()

    again = Logins.of(files)
    assert again.passwords == first.passwords
    assert not again.fresh


def test_a_second_set_up_keeps_the_keys_that_authorities_have_got_since(keys: Keyring) -> None:
    own = AuthorityKeys(keys.authorities)
    handed = {**json.loads(keys.platform_public.read_text()), "kid": "handed-in"}
    own.put("g-06531005", handed, others_until=datetime(2126, 1, 12, tzinfo=UTC))
    own.put(
        "rp-065",
        make_authority_key(keys.of_authority("rp-065", "decryption.jwk"), authority="rp-065"),
        others_until=datetime(2126, 1, 12, tzinfo=UTC),
    )
    before = own.all()

    make_keys(keys.folder, authorities=["g-06531005", "rp-065"], log_origin=ORIGIN)

    assert own.all() == before
    assert [each["kid"] for each in before["g-06531005"]] == ["handed-in", "g-06531005-1"]


def test_a_key_that_is_replaced_is_sealed_for_until_its_end_and_no_longer(keys: Keyring) -> None:
    handed = {**json.loads(keys.platform_public.read_text()), "kid": "handed-in"}
    AuthorityKeys(keys.authorities).put("rp-065", handed, others_until=datetime(2026, 1, 12, tzinfo=UTC))
    end = datetime(2026, 1, 12, tzinfo=UTC).timestamp()

    def kids(now: float) -> list[str]:
        return [key.kid for key in KeyFile(keys.authorities, now=lambda: now).of("rp-065")]

    assert kids(end - 1) == ["handed-in", "rp-065-1"]
    assert kids(end) == ["handed-in"]


def test_the_only_key_in_use_is_never_ended(keys: Keyring) -> None:
    own = AuthorityKeys(keys.authorities)
    now = datetime(2026, 1, 12, tzinfo=UTC)

    with pytest.raises(ValueError, match="einzige Schlüssel"):
        own.end("rp-065", kid="rp-065-1", at=now)
    assert not own.end("rp-065", kid="unknown", at=now)
