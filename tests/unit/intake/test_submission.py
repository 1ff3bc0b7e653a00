import json

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.submission import Faulty, HandedIn, NotJson, TooLarge, read
from shared.events.competence import Attributes, Place

SERVICE = "99050012104000"
LIMIT = 1000

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def body(**changes: object) -> bytes:
    members = {"service": SERVICE, "place": {"plz": "35390"}, "content": {}} | changes
    return json.dumps({name: value for name, value in members.items() if value is not ...}).encode()


def test_content_is_carried_in_the_senders_own_bytes() -> None:
    content = b'{ "betrag":1.10, "nr":123456789012345678901234567890, "a":1,"a":2, "n":"Gie\\u00dfen" }'
    got = read(
        b'{"service":"%b", "content" : %b , "language":"en"}' % (SERVICE.encode(), content), max_content=LIMIT
    )
    assert isinstance(got, HandedIn)
    assert got.content == content
    assert got.submission.language == "en"


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_any_json_object_is_taken_as_content(content: dict[str, object]) -> None:
    got = read(body(content=content), max_content=10**6)
    assert isinstance(got, HandedIn)
    assert got.content == json.dumps(content).encode()


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_without_an_error(data: bytes) -> None:
    assert isinstance(read(data, max_content=LIMIT), NotJson | Faulty)


@given(st.binary(max_size=20), st.integers(0, 60))
def test_a_damaged_body_is_read_or_refused_without_an_error(junk: bytes, at: int) -> None:
    whole = body(contact={"email": "a@example.org"})
    assert read(whole[:at] + junk + whole[at:], max_content=LIMIT) is not None


def test_text_that_is_not_utf_8_is_not_json_even_inside_the_content() -> None:
    assert read(body(content={"a": "x"}).replace(b"x", b"\xff"), max_content=LIMIT) == NotJson()


def test_content_nested_without_end_is_not_json() -> None:
    assert read(b'{"content":' + b"[" * 100_000 + b"]" * 100_000 + b"}", max_content=10**6) == NotJson()


def test_content_of_exactly_the_limit_is_taken_and_one_byte_more_is_too_large() -> None:
    exactly = {"a": "x" * (LIMIT - len('{"a": ""}'))}
    assert isinstance(read(body(content=exactly), max_content=LIMIT), HandedIn)
    assert read(body(content=exactly), max_content=LIMIT - 1) == TooLarge()


def test_every_faulty_field_is_named_once_and_no_value_is_repeated() -> None:
    got = read(
        body(
            service="12",
            content=[1],
            contact={"email": "geheim", "phone": "1"},
            clientReference="ä",
            sender="x",
        ),
        max_content=LIMIT,
    )
    assert got == Faulty(
        (
            ("clientReference", "malformed"),
            ("contact.email", "malformed"),
            ("contact.phone", "unknown-field"),
            ("content", "malformed"),
            ("sender", "unknown-field"),
            ("service", "malformed"),
        )
    )


def test_a_missing_service_and_missing_content_are_named() -> None:
    got = read(body(service=..., content=...), max_content=LIMIT)
    assert got == Faulty((("content", "missing"), ("service", "missing")))


def test_two_keys_for_one_place_are_a_fault_of_the_place() -> None:
    got = read(body(place={"plz": "35390", "ags": "06531005"}), max_content=LIMIT)
    assert got == Faulty((("place", "malformed"),))


def test_a_well_formed_place_is_taken_whether_it_exists_or_not() -> None:
    got = read(body(place={"ars": "990000000000"}), max_content=LIMIT)
    assert isinstance(got, HandedIn)
    assert got.submission.place == Place(ars="990000000000")


def test_what_the_competence_may_depend_on_is_taken_from_a_known_vocabulary() -> None:
    taken = read(body(attributes={"road": "federal"}), max_content=1000)
    assert isinstance(taken, HandedIn)
    assert taken.submission.attributes == Attributes(road="federal")
    refused = read(body(attributes={"road": "motorway", "lane": 2}), max_content=1000)
    assert refused == Faulty((("attributes.lane", "unknown-field"), ("attributes.road", "malformed")))


def test_an_address_with_a_line_break_is_malformed() -> None:
    got = read(body(contact={"email": "a@example.org\r\nBcc: b@example.org"}), max_content=LIMIT)
    assert got == Faulty((("contact.email", "malformed"),))
