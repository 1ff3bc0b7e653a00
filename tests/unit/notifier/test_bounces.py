"""Return paths and delivery reports: what is forged, huge, nested or garbled settles nothing."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.bounces import MOST_BYTES, DeliveryReport, ReturnPaths, keys_from, read_report
from tests.support.bounces import report

OLD, NEW = bytes(32), bytes([1]) * 32
PATHS = ReturnPaths("amtsweg.example", (NEW, OLD))


@given(st.uuids())
def test_a_return_path_names_its_message_and_fits_an_envelope(message: UUID) -> None:
    path = PATHS.of(message)
    assert PATHS.message(path) == message
    assert len(path.partition("@")[0]) <= 64


def test_a_return_path_of_an_old_key_is_understood_and_one_of_an_unknown_key_is_not() -> None:
    message = uuid4()
    assert PATHS.message(ReturnPaths("amtsweg.example", (OLD,)).of(message)) == message
    assert PATHS.message(ReturnPaths("amtsweg.example", (bytes([2]) * 32,)).of(message)) is None
    assert PATHS.message(ReturnPaths("other.example", (NEW,)).of(message)) is None


@given(st.uuids(), st.integers(0, 41), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_no_changed_letter_leads_to_another_message(message: UUID, place: int, letter: str) -> None:
    local, _, domain = PATHS.of(message).partition("@")
    token = local.removeprefix("bounce+")
    forged = f"bounce+{token[:place]}{letter}{token[place + 1 :]}@{domain}"
    assert PATHS.message(forged) in {None, message}


@given(st.text(max_size=80))
def test_a_foreign_address_never_names_a_message(text: str) -> None:
    assert PATHS.message(text) is None
    assert PATHS.message(f"bounce+{text}@amtsweg.example") is None


@pytest.mark.parametrize(
    ("action", "status", "outcome"),
    [
        ("failed", "5.1.1", "failed"),
        ("Failed", "4.4.7", "failed"),
        ("delayed", "4.2.2", "delayed"),
        ("delivered", "2.1.5", "delivered"),
    ],
)
def test_a_report_says_whether_it_is_for_good(action: str, status: str, outcome: str) -> None:
    found = read_report(report(action, status))
    assert found == DeliveryReport(outcome, status)  # type: ignore[arg-type] # one of the literals


QMAIL = (
    b"From: MAILER-DAEMON@mx.example\r\nSubject: failure notice\r\n\r\n"
    b"Hi. This is the qmail-send program at mx.example.\r\n"
    b"I'm afraid I wasn't able to deliver your message to the following addresses.\r\n"
    b"This is a permanent error; I've given up. Sorry it didn't work out.\r\n\r\n"
    b"<erika@example.org>:\r\nSorry, no mailbox here by that name. (#5.1.1)\r\n\r\n"
    b"--- Below this line is a copy of the message.\r\n"
)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (report("failed (bad destination mailbox)", "5.1.1 (no such user)"), "5.1.1"),
        (report("failed", "5.1.1").replace(b"mx.example\r\n\r\nFinal", b"mx.example\r\nFinal"), "5.1.1"),
        (report("failed", "5.1.1").replace(b"Status: 5.1.1\r\n", b""), ""),
        (report("failed", "5.1.1", more=report("failed", "5.2.2", whole=False)), "5.1.1"),
        (
            report("failed", "5.1.1").replace(b"Content-Type: message/d", b"content-type:\r\n MESSAGE/D"),
            "5.1.1",
        ),
        (report("failed", "5.1.1").replace(b"\r\n", b"\n"), "5.1.1"),
        (QMAIL, "5.1.1"),
        (QMAIL.replace(b" (#5.1.1)", b""), ""),
    ],
    ids=["comments", "one block", "no status", "alias", "folded", "bare LF", "qmail", "qmail without status"],
)
def test_every_dialect_in_which_servers_say_that_a_mail_came_back_is_understood(
    content: bytes, status: str
) -> None:
    assert read_report(content) == DeliveryReport("failed", status)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Subject: Ich bin im Urlaub\r\n\r\nBis bald.\r\n",
        b"Subject: Re: Ihr Antrag\r\n\r\nDanke! > Hi. This is the qmail-send program ... I've given up.\r\n",
        report("relayed", "2.0.0"),
        report("failed", "2.0.0"),
        report("failed", "kaputt"),
        report("failed", "5.\x1b[31m"),
        report("failed", "5.1.1").replace(b"5.1.1", "5.١.١".encode()),
        report("failed", "5.1.1") + b";" * 2_000,
        report("failed", "5.1.1").replace(b"message/delivery-status", b"text/plain"),
        report("failed", "5.1.1").replace(b"multipart/report", b"multipart/mixed"),
        report("failed", "5.1.1", more=report("delivered", "2.0.0", whole=False)),
        report("failed", "5.1.1") + b"x" * MOST_BYTES,
        report("failed", "5.1.1") + b"\n" * 20_000,
    ],
    ids=[
        "empty",
        "absence",
        "quoted",
        "relayed",
        "contradiction",
        "status",
        "control sequence",
        "other digits",
        "parameters",
        "no-part",
        "no-report",
        "two",
        "huge",
        "lines",
    ],
)
def test_an_unclear_report_says_nothing(content: bytes) -> None:
    assert read_report(content) is None


def test_nested_parts_without_end_say_nothing() -> None:
    nested = b"".join(
        f'Content-Type: multipart/report; boundary="b{number}"\r\n\r\n--b{number}\r\n'.encode()
        for number in range(3000)
    )
    assert read_report(nested) is None


@given(st.binary(max_size=2000), st.integers(0, 400))
def test_a_damaged_report_is_read_or_says_nothing(junk: bytes, at: int) -> None:
    whole = report("failed", "5.1.1")
    found = read_report(whole[:at] + junk + whole[at:])
    assert found is None or found.outcome == "failed"


@pytest.mark.parametrize("charset", ["klingonisch", "utf-16", "\udcff", "idna", "punycode"])
def test_a_strange_character_set_does_no_harm(charset: str) -> None:
    strange = report("failed", "5.1.1", charset=charset)
    assert read_report(strange) in {None, DeliveryReport("failed", "5.1.1")}


@pytest.mark.parametrize("text", ["", "zz", "00" * 31])
def test_malformed_keys_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"64|hexadecimal"):
        keys_from(text)
