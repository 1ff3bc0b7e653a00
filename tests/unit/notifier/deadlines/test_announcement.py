"""When a decision counts as announced, computed by hand from the paragraphs; each row says what is special about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.deadlines.announcement import last_dispatches
from services.notifier.domain.deadlines.compute import compute
from services.notifier.domain.deadlines.explain import explained, short
from services.notifier.domain.deadlines.inquiry import BadDeadlineInquiry, read_deadline_inquiry
from tests.support.law import CONFIRMATION, FICTION, deadline_of, hessian_law

RECEIVED = "2026-01-12"
"""Through the single contact, so that the period ends on Wednesday, 15 April 2026."""

SENT = [
    ("fourth day", "letter", "2026-04-11", "2026-04-15", True, "2026-05-15"),
    ("fourth day, too late", "letter", "2026-04-12", "2026-04-16", False, "2026-05-18"),
    ("fourth day a Sunday", "email", "2026-03-25", "2026-03-29", True, "2026-04-29"),
    ("mailbox on Christmas Eve", "mailbox", "2026-12-24", "2026-12-28", False, "2027-01-28"),
    ("a month abroad", "letter-abroad", "2026-03-15", "2026-04-15", True, "2026-05-15"),
    ("a month abroad, too late", "letter-abroad", "2026-03-16", "2026-04-16", False, "2026-05-18"),
    ("abroad, no 31 February", "letter-abroad", "2026-01-31", "2026-02-28", True, "2026-03-30"),
    ("handed over on the last day", "handed-over", "2026-04-15", "2026-04-15", True, "2026-05-15"),
]  # fmt: skip


@pytest.mark.parametrize("row", SENT, ids=[row[0] for row in SENT])
def test_a_decision_is_announced_as_computed_by_hand(row: tuple[str, ...]) -> None:
    _, by, sent, *expected = row
    found = short(deadline_of(RECEIVED, sentAt=sent, sentBy=by))
    assert found["periodEnds"] == "2026-04-15"
    assert [found[name] for name in ("announcedOn", "inTime", "remedyUntil")] == expected


@pytest.mark.parametrize(
    ("sent", "announced"),
    [
        ("2024-12-31", "2025-01-03"),
        ("2025-01-01", "2025-01-05"),
        ("2024-12-31T22:59:59Z", "2025-01-03"),
        ("2024-12-31T23:00:00Z", "2025-01-05"),  # New Year in Germany
        ("2024-02-28", "2024-03-02"),
        ("2028-02-28", "2028-03-03"),
    ],
)
@pytest.mark.parametrize("channel", ["letter", "email", "mailbox"])
def test_the_third_day_became_the_fourth_with_the_year_2025(channel: str, sent: str, announced: str) -> None:
    """PostModG of 15 July 2024: what was sent before counts by the old rule."""
    assert short(deadline_of("2024-01-10", sentAt=sent, sentBy=channel))["announcedOn"] == announced


@pytest.mark.parametrize(
    ("retrieved", "announced", "in_time"),
    [
        ("2026-04-04", "2026-04-05", True),  # on the day of the notice
        ("2026-04-14", "2026-04-15", True),  # the tenth day after it
        ("2026-04-15", None, False),  # the eleventh
        (None, None, False),
    ],
)
def test_in_a_portal_the_day_after_retrieval_counts_and_ten_days_are_left_for_it(
    retrieved: str | None, announced: str | None, *, in_time: bool
) -> None:
    """§ 41 Abs. 2a VwVfG."""
    found = short(deadline_of(RECEIVED, sentAt="2026-04-04", sentBy="portal", retrievedAt=retrieved))
    assert (found["announcedOn"], found["inTime"]) == (announced, in_time)
    assert (found["remedyUntil"] is None) == (announced is None)


def test_the_last_dispatch_of_each_channel_is_explained_where_it_differs() -> None:
    last = {channel: str(day) for channel, day in last_dispatches(END, hessian_law()).items()}
    assert last == {
        "letter": "2026-04-11",
        "email": "2026-04-11",
        "mailbox": "2026-04-11",
        "letter-abroad": "2026-03-15",
        "portal": "2026-03-31",  # until 10 April for retrieval, then a letter on the 11th
        "handed-over": "2026-04-15",
    }
    words = explained(deadline_of(RECEIVED), hessian_law(), "en")
    assert "another country until: Sunday, 15 March 2026 (§ 71b Abs. 6 VwVfG)" in words
    assert "portal until: Tuesday, 31 March 2026" in words


END = deadline_of(RECEIVED).period_ends or pytest.fail("there is an end")


@given(st.dates(deadline_of("2012-01-01").deemed_received, deadline_of("2080-01-01").deemed_received))
def test_what_is_sent_on_the_last_day_is_in_time_and_a_day_later_it_is_not(day: object) -> None:
    end = deadline_of(str(day)).period_ends
    assert end is not None
    for channel, last in last_dispatches(end, hessian_law()).items():
        if channel == "portal" or str(last) < str(day):
            continue
        after = last.fromordinal(last.toordinal() + 1)
        asked = [short(deadline_of(str(day), sentAt=str(sent), sentBy=channel)) for sent in (last, after)]
        assert [found["inTime"] for found in asked] == [True, False], channel


def test_a_confirmation_is_kept_by_sending_it_and_a_notice_has_no_remedy() -> None:
    asked = {"via": "authority", "sentBy": "letter"}
    last = short(deadline_of("2026-04-02", CONFIRMATION, sentAt="2026-04-07", **asked))
    late = short(deadline_of("2026-04-02", CONFIRMATION, sentAt="2026-04-08", **asked))
    assert (last["inTime"], late["inTime"], last["remedyUntil"]) == (True, False, None)


def test_where_nothing_runs_nothing_is_in_time_or_late() -> None:
    found = short(deadline_of(RECEIVED, complete=False, sentAt="2026-03-02", sentBy="letter"))
    assert (found["announcedOn"], found["inTime"]) == ("2026-03-06", None)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"sentAt": "2026-04-01"}, "sentBy"),
        ({"sentAt": "2026-04-01", "sentBy": "pigeon"}, "sentBy"),
        ({"sentAt": "2026-04-01", "sentBy": 3}, "sentBy"),
        ({"sentAt": "2026-02-30", "sentBy": "letter"}, "sentAt"),
        ({"sentAt": "2026-01-11", "sentBy": "letter"}, "sentAt"),
        ({"sentAt": "2100-12-01", "sentBy": "letter"}, "sentAt"),
        ({"sentBy": "letter"}, "sentBy"),
        ({"retrievedAt": "2026-04-01"}, "retrievedAt"),
        ({"sentAt": "2026-04-01", "sentBy": "mailbox", "retrievedAt": "2026-04-02"}, "retrievedAt"),
        ({"sentAt": "2026-04-02", "sentBy": "portal", "retrievedAt": "2026-04-01"}, "retrievedAt"),
    ],
)
def test_a_dispatch_that_cannot_be_is_refused_by_its_field(fields: dict[str, object], field: str) -> None:
    with pytest.raises(BadDeadlineInquiry) as refused:
        compute(read_deadline_inquiry({"profile": FICTION, "receivedAt": RECEIVED, **fields}), hessian_law())
    assert refused.value.field == field


def test_a_notice_sent_before_the_first_rule_of_announcement_is_refused() -> None:
    fields = {"profile": FICTION, "receivedAt": "2010-01-12", "sentAt": "2010-03-12", "sentBy": "portal"}
    with pytest.raises(BadDeadlineInquiry, match="sentBy: no rule of announcement"):
        compute(read_deadline_inquiry(fields), hessian_law())
