"""The doors take a sealed part only if it is sealed to a key that the case's records have named, over a point of that key's curve."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OKPKey

from services.router.domain.cases.answer_keys import MOST_NAMES, more_names, names_of
from services.router.domain.cases.sealed_parts import fault_of_parts
from shared.crypto.jwe import NotOpened, OwnKey, RecipientKey, open_sealed, seal
from shared.crypto.key_strength import is_sealing_point
from shared.crypto.key_wrapping import decode, encode
from shared.events.case import AnswerGiven
from shared.events.payload import Sealed, SealedRecipient
from shared.events.sealed_answer import AnswerKeyNames, AnswerKeys, KeyName, SealingKey, SealingKeySet
from tests.support.events import RECEIVED_AT, SUBMISSION_ID
from tests.support.routing import private_key, public_part

PLAINTEXT = b"{}"
CURVES = ("P-256", "P-384", "X25519")
SMALL = [encode(bytes(32)), encode(b"\x01" + bytes(31))]
"""X of two points of X25519 with which everybody agrees on nothing (RFC 7748 section 6.1)."""


def _own(curve: str) -> dict[str, Any]:
    made: Any = OKPKey if curve == "X25519" else ECKey
    return {**made.generate_key(curve).as_dict(private=True), "kid": curve}


OWN = {curve: _own(curve) for curve in CURVES}
NAMED = AnswerKeyNames(
    content=tuple(KeyName.model_validate({"kid": curve, "kind": curve}) for curve in CURVES)
)


def part(key: dict[str, Any]) -> Sealed:
    token = seal(
        PLAINTEXT,
        key=RecipientKey(public_part(key)),
        submission_id=SUBMISSION_ID,
        purpose="answer",
        content_type="application/json",
    )
    return Sealed.model_validate_json(token)


def with_header(sealed: Sealed, **changed: Any) -> Sealed:
    (entry,) = sealed.recipients
    header = {name: value for name, value in (entry.header | changed).items() if value is not None}
    return sealed.model_copy(
        update={"recipients": (SealedRecipient(header=header, encrypted_key=entry.encrypted_key),)}
    )


def refused(content: Sealed, *, named: AnswerKeyNames | None = NAMED) -> str | None:
    answer = AnswerGiven(kind="decided", outcome="granted", content=content, given_at=RECEIVED_AT)
    fault = fault_of_parts(answer, submission_id=SUBMISSION_ID, named=named, is_point=is_sealing_point)
    return None if fault is None else fault[1]


@pytest.mark.parametrize("curve", CURVES)
def test_a_part_for_a_named_key_is_taken(curve: str) -> None:
    assert refused(part(OWN[curve])) is None


def test_a_key_that_no_record_has_named_is_refused_by_its_name() -> None:
    foreign = part(private_key("foreign"))

    assert refused(foreign) == "recipients.header.kid"
    assert refused(foreign, named=AnswerKeyNames()) == "recipients.header.kid"
    assert refused(foreign, named=None) is None  # of a case from before the names were kept


def test_a_foreign_entry_beside_a_right_one_is_refused() -> None:
    both = (*part(OWN["P-256"]).recipients, *part(private_key("foreign")).recipients)
    assert refused(part(OWN["P-256"]).model_copy(update={"recipients": both})) == "recipients.header.kid"


def test_a_notifier_key_is_no_key_for_content() -> None:
    named = AnswerKeyNames(notice=NAMED.content)
    assert refused(part(OWN["P-256"]), named=named) == "recipients.header.kid"


@pytest.mark.parametrize("named", [NAMED, None], ids=["keys known", "keys not known"])
@pytest.mark.parametrize("x", SMALL)
def test_a_point_of_small_order_is_refused(x: str, named: AnswerKeyNames | None) -> None:
    bad = with_header(part(OWN["X25519"]), epk={"kty": "OKP", "crv": "X25519", "x": x})
    assert refused(bad, named=named) == "recipients.header.epk"


def test_a_point_of_another_curve_than_the_key_is_refused() -> None:
    other = part(OWN["P-384"]).recipients[0].header["epk"]
    assert refused(with_header(part(OWN["P-256"]), epk=other)) == "recipients.header.epk"


odd = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.lists(st.text(max_size=3))


@st.composite
def mutations(draw: st.DrawFn) -> Sealed:
    """A right part in whose recipient entry one member, or one of its point's, is something else."""
    sealed = part(OWN[draw(st.sampled_from(["P-256", "P-384"]))])
    header: dict[str, Any] = dict(sealed.recipients[0].header)
    if draw(st.booleans()):
        name = draw(st.sampled_from(sorted(header)))
        return with_header(sealed, **{name: draw(odd | st.sampled_from(list(header.values())))})
    name = draw(st.sampled_from(["kty", "crv", "x", "y"]))
    right = header["epk"][name]
    bits = bytearray(decode(right)) if name in "xy" else bytearray()
    if bits:
        bits[draw(st.integers(0, len(bits) - 1))] ^= draw(st.integers(1, 255))
    changed = draw(odd | st.sampled_from(CURVES) | (st.just(encode(bytes(bits))) if bits else odd))
    return with_header(sealed, epk={**header["epk"], name: changed})


@given(mutations(), st.sampled_from([NAMED, None]))
def test_whatever_the_door_takes_its_owner_opens(mutated: Sealed, named: AnswerKeyNames | None) -> None:
    if refused(mutated, named=named) is not None:
        return
    token = mutated.model_dump_json(by_alias=True).encode()
    kid = str(mutated.recipients[0].header["kid"])
    try:
        opened = open_sealed(token, key=OwnKey(OWN[kid]), submission_id=SUBMISSION_ID, purpose="answer")
    except NotOpened:
        raise AssertionError(mutated.recipients[0].header) from None
    except KeyError:
        assert named is None  # nobody knows whose key this is
    else:
        assert opened == PLAINTEXT


def keys(*kids: str) -> AnswerKeys:
    jwk = ECKey.generate_key("P-256").as_dict(private=False)
    named = tuple(SealingKey.model_validate({**jwk, "kid": kid}) for kid in kids)
    return AnswerKeys(submission_id=SUBMISSION_ID, client=SealingKeySet(keys=named))


def kids_of(known: AnswerKeyNames | None) -> list[str]:
    assert known is not None
    return [key.kid for key in known.content]


def test_a_supplement_adds_its_keys_and_the_submission_keeps_its_own() -> None:
    known = more_names(names_of(keys("old")), keys("old", "new"))
    assert kids_of(known) == ["old", "new"]
    assert more_names(known, None) == known


def test_where_the_submission_named_none_a_supplement_narrows_nothing() -> None:
    assert more_names(names_of(None), keys("new")) is None


def test_the_newest_names_are_kept() -> None:
    known = names_of(keys("0"))
    for number in range(1, MOST_NAMES + 3):
        known = more_names(known, keys(str(number)))
    assert kids_of(known) == [str(number) for number in range(3, MOST_NAMES + 3)]
