"""The policy for messages whose outcome is unknown: complete, and no duty stays unknown in silence."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.uncertain import ARRIVES_ONCE, ASKED, BY_EMAIL, course_after
from shared.events.notification import MessageKind
from shared.events.submission import Channel

KINDS: tuple[MessageKind, ...] = get_args(MessageKind)
CHANNELS: tuple[Channel, ...] = get_args(Channel)
COURTESIES = {"clearing", "forwarded", "status"}


def test_every_kind_has_its_row() -> None:
    assert set(BY_EMAIL) == set(KINDS)


def test_every_duty_ends_with_a_person_who_is_asked() -> None:
    assert set(KINDS) - ASKED == COURTESIES
    assert {BY_EMAIL[kind][-1] for kind in ASKED} == {"ask"}


@pytest.mark.parametrize("channel", sorted(ARRIVES_ONCE))
@given(kind=st.sampled_from(KINDS), repeats=st.integers(0, 1000))
def test_where_the_same_id_arrives_once_it_is_always_offered_again(
    channel: Channel, kind: MessageKind, repeats: int
) -> None:
    assert course_after(kind, CHANNELS, channel, repeats=repeats) == "again"


@given(kind=st.sampled_from(sorted(ASKED)), last=st.booleans())
def test_a_duty_by_mail_is_repeated_twice_then_goes_on_where_it_can_and_else_to_the_operator(
    kind: MessageKind, *, last: bool
) -> None:
    channels: tuple[Channel, ...] = ("mailbox", "email") if last else ("email", "letter")
    courses = [course_after(kind, channels, "email", repeats=repeats) for repeats in range(4)]
    assert courses == ["again", "again", "ask" if last else "next-channel", "ask"]


@given(kind=st.sampled_from(sorted(COURTESIES)), repeats=st.integers(0, 10))
def test_a_courtesy_message_is_sent_at_most_once(kind: MessageKind, repeats: int) -> None:
    assert course_after(kind, CHANNELS, "email", repeats=repeats) == "leave"
