"""The sample authority opens what is sealed to it, also while it changes its key."""

import json
from typing import Any
from uuid import uuid4

import pytest
from joserfc.jwk import ECKey, JWKRegistry, KeySet

from shared.crypto.jwe import OwnKey, RecipientKey, Rewrapper, seal
from tests.support.sample_authority import load_sample

SUBMISSION = uuid4()


def key(kid: str) -> dict[str, Any]:
    return ECKey.generate_key("P-256", {"kid": kid}).as_dict(private=True)


@pytest.fixture(scope="module")
def sample() -> Any:
    return load_sample()


def own(jwk: dict[str, Any]) -> KeySet:
    return KeySet([JWKRegistry.import_key(jwk)])


def delivered(keys: list[dict[str, Any]]) -> bytes:
    platform = key("platform")
    token = json.loads(
        seal(
            b'{"betrieb":"Laden"}',
            key=RecipientKey(platform),
            submission_id=SUBMISSION,
            purpose="content",
            content_type="application/json",
        )
    )
    rewrapper, entry = Rewrapper([OwnKey(platform)]), token["recipients"][0]
    use: dict[str, Any] = {"submission_id": SUBMISSION, "purpose": "content"}
    entries = [rewrapper.rewrap(entry, **use, authority_key=RecipientKey(each)) for each in keys]
    return json.dumps({"content": token | {"recipients": entries}}).encode()


def test_each_of_two_keys_opens_the_case(sample: Any) -> None:
    keys = [key("old"), key("new")]
    record = delivered(keys)
    for each in keys:
        opened = sample.open_case(record, own(each), str(SUBMISSION))
        assert opened["content"] == {"betrieb": "Laden"}


@pytest.mark.parametrize("sealed_to", [("old",), ("old", "new"), ("new",)])
def test_a_file_with_both_keys_opens_what_came_before_during_and_after_the_change(
    sample: Any, sealed_to: tuple[str, ...]
) -> None:
    keys = {kid: key(kid) for kid in ("old", "new")}
    both = sample.own_keys({"keys": [keys["new"], keys["old"]]})
    opened = sample.open_case(delivered([keys[kid] for kid in sealed_to]), both, str(SUBMISSION))
    assert opened["content"] == {"betrieb": "Laden"}
    assert [each.kid for each in sample.own_keys(keys["new"])] == ["new"]


def test_a_case_for_another_key_is_named_as_such(sample: Any) -> None:
    with pytest.raises(ValueError, match="sealed to none of our keys"):
        sample.open_case(delivered([key("old")]), own(key("lost")), str(SUBMISSION))


def test_content_of_another_submission_is_not_filed(sample: Any) -> None:
    mine = key("own")
    with pytest.raises(ValueError, match="another submission"):
        sample.open_case(delivered([mine]), own(mine), str(uuid4()))
