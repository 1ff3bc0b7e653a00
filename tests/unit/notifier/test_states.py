"""The table of states: complete, without a dead end, and what takes over when a channel has failed."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.message import MessageState
from services.notifier.domain.states import LATER, TRANSITIONS, before, next_channel
from shared.events.notification import Settlement
from shared.events.submission import Channel

STATES = {state for part in get_args(MessageState) for state in (get_args(part) or (part,))}
CHANNELS: tuple[Channel, ...] = get_args(Channel)


def test_every_state_has_a_row_and_is_reached_from_created() -> None:
    reached, ahead = set[str](), ["created"]
    while ahead:
        state = ahead.pop()
        reached.add(state)
        ahead += sorted(TRANSITIONS[state] - reached)  # type: ignore[index] # one of the literals
    assert reached == set(TRANSITIONS) == STATES


@pytest.mark.parametrize("outcome", sorted(LATER))
def test_what_is_said_later_never_precedes_the_handover(outcome: Settlement) -> None:
    assert before(outcome)
    assert not before(outcome) & {"created", "sending", "no-contact"}


def test_a_bounce_may_follow_a_delivery_and_a_first_failure_overwrites_nothing() -> None:
    assert {"sent", "delayed", "delivered", "unknown"} <= before("failed", "bounced")
    assert before("failed", "refused") == frozenset()


@given(st.lists(st.sampled_from(CHANNELS), unique=True, min_size=1).map(tuple), st.data())
def test_every_failure_goes_on_until_no_channel_is_left(
    channels: tuple[Channel, ...], data: st.DataObject
) -> None:
    channel = data.draw(st.sampled_from(channels))
    after = next_channel(channels, channel, kind="status", state="failed")
    assert after == (channels[channels.index(channel) + 1 :] or (None,))[0]
    assert next_channel(channels, channel, kind="decision", state="sent") is None


@pytest.mark.parametrize(("days", "channel"), [(5, "email"), (7, "letter")])
def test_what_is_unread_goes_on_the_next_channel_and_later_on_the_one_after(
    days: int, channel: Channel
) -> None:
    assert next_channel(CHANNELS, "mailbox", kind="decision", state="unread", unread_days=days) == channel


def test_what_stays_unknown_goes_on_the_next_channel_where_the_law_asks_for_it() -> None:
    assert next_channel(CHANNELS, "email", kind="incomplete", state="unknown") == "letter"
    assert next_channel(CHANNELS, "email", kind="status", state="unknown") is None


def test_a_channel_that_the_contact_does_not_name_is_never_followed() -> None:
    assert next_channel(("email",), "mailbox", kind="decision", state="failed") is None
