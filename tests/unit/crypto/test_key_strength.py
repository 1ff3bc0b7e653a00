"""Keys that are too weak do not enter, whatever they are for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from shared.crypto.key_strength import strong_key
from shared.crypto.key_wrapping import RecipientKey, Use, encode
from tests.support.events import SUBMISSION_ID


def public(key: ECKey | OKPKey | RSAKey) -> dict[str, Any]:
    return key.as_dict(private=False)


STRONG: list[ECKey | OKPKey | RSAKey] = [
    ECKey.generate_key("P-256"),
    ECKey.generate_key("P-384"),
    OKPKey.generate_key("Ed25519"),
    RSAKey.generate_key(3072),
]


@pytest.mark.parametrize("key", STRONG, ids=lambda key: str(key.key_type))
def test_a_strong_key_enters(key: ECKey | OKPKey | RSAKey) -> None:
    assert strong_key(public(key)).thumbprint() == key.thumbprint()


@pytest.mark.parametrize(
    "jwk",
    [
        pytest.param(public(RSAKey.generate_key(2048)), id="RSA of 2048 bits"),
        pytest.param(public(STRONG[3]) | {"e": "Aw"}, id="RSA with e = 3"),
        pytest.param(public(ECKey.generate_key("P-521")), id="P-521"),
        pytest.param(public(ECKey.generate_key("secp256k1")), id="secp256k1"),
        pytest.param(public(OKPKey.generate_key("Ed448")), id="Ed448"),
        pytest.param(public(OKPKey.generate_key("X25519")), id="X25519"),
        pytest.param(OctKey.generate_key(256).as_dict(), id="symmetric"),
        pytest.param({"kty": "EC", "crv": "P-256", "x": "x", "y": "y"}, id="no point"),
        pytest.param({}, id="empty"),
    ],
)
def test_a_weak_or_malformed_key_does_not(jwk: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected RSA with at least 3072 bits"):
        strong_key(jwk)


_P25519 = 2**255 - 19
_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826


@pytest.mark.parametrize("y", [0, 1, _P25519 - 1, _P25519 + 1, _ORDER_8, _P25519 - _ORDER_8, 2])
def test_a_signing_key_of_small_order_or_off_the_curve_does_not_enter(y: int) -> None:
    for sign in (0, 1 << 255):
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": encode((y | sign).to_bytes(32, "little"))}
        with pytest.raises(ValueError, match="malformed"):
            strong_key(jwk)


@given(x=st.binary(min_size=32, max_size=32) | st.sampled_from([bytes(32), b"\x01" + bytes(31)]))
def test_whatever_enters_for_sealing_can_be_sealed_to(x: bytes) -> None:
    jwk = {"kty": "OKP", "crv": "X25519", "kid": "k", "x": encode(x)}
    try:
        key = RecipientKey(jwk)
    except ValueError:
        return
    assert key.wrap(bytes(32), use=Use(SUBMISSION_ID, "content"))


scalars = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=2)


@given(st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "n", "e", "kid", "use", "key_ops"]), scalars))
def test_any_object_is_a_key_or_a_value_error(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        strong_key(public(STRONG[0]) | {"kty": "none"} | changes)
