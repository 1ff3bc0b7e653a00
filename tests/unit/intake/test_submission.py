import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.submission import Contact, Fault, Faulty, HandedIn, TooLarge, read, read_content
from shared.events.competence import Attributes, Place
from shared.strict_json import JsonFault, NotJson, inspect

SERVICE = "99050012104000"
LIMIT = 1000

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def body(**changes: object) -> bytes:
    members = {"service": SERVICE, "place": {"plz": "35390"}, "content": {}} | changes
    return json.dumps({name: value for name, value in members.items() if value is not ...}).encode()


def test_content_is_carried_in_the_senders_own_bytes() -> None:
    content = b'{ "betrag":1.10, "nr":1.00e3, "a":1, "n":"Gie\\u00dfen" }'
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
    assert read(body(content={"a": "x"}).replace(b"x", b"\xff"), max_content=LIMIT) == NotJson(1, 76)


def test_content_nested_without_end_is_refused_with_the_place() -> None:
    got = read(b'{"content":' + b"[" * 100_000 + b"]" * 100_000 + b"}", max_content=10**6)
    assert got == Faulty((("line 1, column 76", "nested-too-deep"),))


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


ERIKA = "erika@example.org"
ADDRESS = {"street": "Südanlage 5", "postalCode": "35390", "town": "Gießen"}


@pytest.mark.parametrize(
    "written",
    [
        f"{ERIKA} ",
        f"\t{ERIKA}",
        f"\u200b{ERIKA}",
        f"{ERIKA}\u00a0",
        f"\ufeff{ERIKA}\u2060",
        "erika@exam\u00adple.org",
    ],
)
def test_what_cannot_be_seen_around_an_address_does_no_harm(written: str) -> None:
    got = read(body(contact={"email": written, "name": " Erika\u200b "}), max_content=LIMIT)
    assert isinstance(got, HandedIn)
    assert got.submission.contact == Contact(email=ERIKA, name="Erika")


def test_blanks_around_a_place_do_no_harm() -> None:
    got = read(body(place={"plz": " 35390\u00a0", "town": "\ufeffGießen "}), max_content=LIMIT)
    assert isinstance(got, HandedIn)
    assert got.submission.place == Place(plz="35390", town="Gießen")


@pytest.mark.parametrize(
    "changes",
    [
        {"contact": {"email": ""}},
        {"contact": {"email": " ", "name": "\u200b"}},
        {"place": {"plz": ""}},
        {"place": {"plz": "", "town": " "}},
        {"clientReference": "", "choice": "  "},
    ],
)
def test_what_is_empty_counts_as_absent(changes: dict[str, object]) -> None:
    got = read(body(**{"contact": ..., "place": ..., **changes}), max_content=LIMIT)
    absent = read(body(contact=..., place=...), max_content=LIMIT)
    assert isinstance(got, HandedIn)
    assert got == absent


def test_a_town_that_is_empty_leaves_its_postcode() -> None:
    got = read(body(place={"plz": "35390", "town": ""}), max_content=LIMIT)
    assert isinstance(got, HandedIn)
    assert got.submission.place == Place(plz="35390")


@pytest.mark.parametrize(
    ("contact", "channels"),
    [
        ({"email": ERIKA}, ("email",)),
        ({"mailbox": "p-17"}, ("mailbox",)),
        (
            {"address": ADDRESS, "name": "Erika", "email": ERIKA, "mailbox": "p-17"},
            ("mailbox", "email", "letter"),
        ),
    ],
)
def test_the_ways_to_an_applicant_follow_from_what_the_contact_names(
    contact: dict[str, object], channels: tuple[str, ...]
) -> None:
    got = read(body(contact=contact), max_content=LIMIT)
    assert isinstance(got, HandedIn)
    assert got.submission.contact is not None
    assert got.submission.contact.channels == channels


@pytest.mark.parametrize("more", [0, 200])
@pytest.mark.parametrize("name", ["\x1b[2J", "x" * 30_000, "\u202e"])
def test_a_name_that_a_stranger_chose_is_repeated_short_and_printable(name: str, more: int) -> None:
    fillers = {f"a{number}": 1 for number in range(more)}
    sent = body(**{name: 1, **fillers}, attributes={name: 1})
    bare = json.dumps({"content": {}, name: 1}).encode()
    for got in (read(sent, max_content=LIMIT), read_content(bare, max_content=LIMIT, required=True)):
        assert isinstance(got, Faulty)
        assert all(field.isprintable() and len(field) < 100 for field, _ in got.fields)


UNPRINTABLE = ("李小龙", "🏠", "A\u202eB", "\ue000", "\uffff", "ไทย")


@pytest.mark.parametrize("text", UNPRINTABLE)
def test_what_a_letter_cannot_show_is_refused_where_a_letter_would_be_written(text: str) -> None:
    name = read(body(contact={"name": text, "address": ADDRESS}), max_content=LIMIT)
    street = read(body(contact={"name": "Erika", "address": ADDRESS | {"street": text}}), max_content=LIMIT)
    assert name == Faulty((("contact", "unreachable"),))
    assert street == Faulty((("contact.address.street", "malformed"),))
    assert isinstance(read(body(contact={"name": text, "email": ERIKA}), max_content=LIMIT), HandedIn)


@pytest.mark.parametrize("contact", [{}, {"name": "Erika"}, {"address": ADDRESS}])
def test_a_contact_that_names_no_way_is_refused_in_words(contact: dict[str, object]) -> None:
    got = read(body(contact=contact), max_content=LIMIT)
    assert got == Faulty((("contact", "unreachable"),))


@pytest.mark.parametrize(
    "abroad",
    [
        {"postalCode": "75007", "country": "FR"},
        {"postalCode": "SW1A 2AA", "country": "GB"},
        {"postalCode": None, "country": "IE"},
        {"country": "DE"},
    ],
)
def test_an_address_may_be_in_another_country(abroad: dict[str, object]) -> None:
    got = read(body(contact={"name": "Erika", "address": ADDRESS | abroad}), max_content=LIMIT)
    assert isinstance(got, HandedIn)
    assert got.submission.contact is not None
    assert got.submission.contact.channels == ("letter",)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"country": "XX"}, ("country", "malformed")),
        ({"country": "fr"}, ("country", "malformed")),
        ({"country": "EU"}, ("country", "malformed")),
        ({"country": "FR", "postalCode": "75007\r\nBcc"}, ("postalCode", "malformed")),
        ({"country": "FR", "postalCode": "7" * 13}, ("postalCode", "malformed")),
        ({"country": "DE", "postalCode": "SW1A 2AA"}, ("postalCode", "malformed")),
        ({"postalCode": None}, ("postalCode", "missing")),
    ],
)
def test_a_country_and_its_postcode_are_checked(changed: dict[str, object], fault: tuple[str, Fault]) -> None:
    got = read(body(contact={"name": "Erika", "address": ADDRESS | changed}), max_content=LIMIT)
    assert got == Faulty(((f"contact.address.{fault[0]}", fault[1]),))


def test_digits_of_other_scripts_are_no_postcode() -> None:
    contact = {"name": "Erika", "address": ADDRESS | {"postalCode": "٣٥٣٩٠"}}
    assert read(body(contact=contact), max_content=LIMIT) == Faulty(
        (("contact.address.postalCode", "malformed"),)
    )


def test_members_without_end_are_refused_before_each_of_them_is_looked_at() -> None:
    members = ",".join(f'"k{n}":1' for n in range(20_000))
    unknown = read(f"{{{members}}}".encode(), max_content=LIMIT)
    assert isinstance(unknown, Faulty)
    assert len(unknown.fields) == 20
    within = f'{{"service":"{SERVICE}","content":{{}},"place":{{{members}}}}}'
    assert read(within.encode(), max_content=LIMIT) == Faulty((("place", "malformed"),))


def test_at_most_twenty_faults_are_named() -> None:
    got = read(body(**{f"unknown{number}": number for number in range(100)}), max_content=LIMIT)
    assert isinstance(got, Faulty)
    assert len(got.fields) == 20


@pytest.mark.parametrize(
    ("text", "at", "fault"),
    [
        ('{"place":{"plz":"35390","plz":"34117"}}', "/place/plz", "doubled-member"),
        ('{"content":{"a":1},"cont\\u0065nt":{"a":2}}', "/content", "doubled-member"),
        ('{"content":{"a":[{},{"b":1,"\\u0062":2}]}}', "/content/a/1/b", "doubled-member"),
        ('{"content":{"a/b~c":{"":1,"":2}}}', "/content/a~1b~0c/", "doubled-member"),
        ('{"content":{"a":9007199254740993}}', "/content/a", "number-not-exact"),
        ('{"content":{"a":[0,1e400]}}', "/content/a/1", "number-not-exact"),
        ('{"content":{"a":1e-400}}', "/content/a", "number-not-exact"),
        ('{"content":{"a":3.141592653589793238462643383279}}', "/content/a", "number-not-exact"),
        ('{"content":{"a":"\\ud800"}}', "/content/a", "lone-surrogate"),
        ('{"content":{"a":"\\udc00\\ud800"}}', "/content/a", "lone-surrogate"),
        ('{"content":{"\\ud800":1}}', "/content/\ufffd", "lone-surrogate"),
    ],
)
def test_what_readers_would_read_differently_is_refused_with_the_place(
    text: str, at: str, fault: JsonFault
) -> None:
    assert read(text.encode(), max_content=LIMIT) == Faulty(((at, fault),))


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("", 1, 1),
        ("[]", 1, 1),
        ('{"service":', 1, 12),
        ('{\n  "service": "x",\n}', 3, 1),
        ('{"a":NaN}', 1, 6),
        ('{"a":"NaN",\n"b":-Infinity}', 2, 5),
        ('{"a":1}x', 1, 8),
        ("\ufeff{}", 1, 1),
        ('{"a":"\n"}', 1, 7),
        ('{"a":01}', 1, 7),
    ],
)
def test_a_body_that_is_no_json_is_refused_with_line_and_column(text: str, line: int, column: int) -> None:
    got = read(text.encode(), max_content=LIMIT)
    assert got == NotJson(line, column)


@pytest.mark.parametrize("levels", [63, 64])
def test_64_levels_are_taken_and_no_more(levels: int) -> None:
    def nested(depth: int) -> bytes:
        return (
            b'{"content":'
            + b'{"a":' * depth
            + b"1"
            + b"}" * depth
            + b","
            + body()[1:].replace(b', "content": {}', b"")
        )

    assert isinstance(read(nested(levels), max_content=LIMIT), HandedIn)
    assert isinstance(read(nested(65), max_content=LIMIT), Faulty)


json_texts = st.recursive(
    st.sampled_from(
        [
            "1",
            "-0",
            "1.5e300",
            "1e999",
            "0.1",
            "12345678901234567890",
            "true",
            "null",
            '"\\ud83d\\ude00"',
            '"\\ud83d"',
            '"a"',
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda found: "[" + ",".join(found) + "]")
        | st.lists(st.tuples(st.sampled_from(["a", "b", "\\u0061"]), inner), max_size=3).map(
            lambda found: "{" + ",".join(f'"{name}":{value}' for name, value in found) + "}"
        )
    ),
    max_leaves=12,
)


@given(json_texts)
def test_what_is_taken_every_reader_reads_alike(text: str) -> None:
    """First-wins, last-wins, doubles and decimals: all see the same document, or it is refused."""

    def first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return dict(reversed(pairs))

    if inspect(text.encode()) == ():
        as_doubles = json.loads(text, parse_int=float)
        assert json.loads(text, object_pairs_hook=first, parse_int=float) == as_doubles
        exact = json.loads(text, parse_int=Decimal, parse_float=Decimal)
        assert json.loads(json.dumps(as_doubles), parse_int=Decimal, parse_float=Decimal) == exact
        assert msgspec.json.encode(as_doubles)
