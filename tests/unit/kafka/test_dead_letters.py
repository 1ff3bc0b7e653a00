"""A dead letter is known by where it came from: so it is replayed, for one group, and so it is settled."""

from typing import cast

import pytest

from shared.kafka.dead_letters import (
    dead_letter,
    origin,
    place_of,
    replay_origin,
    replayed,
    settled,
    settling,
)
from shared.kafka.records import Message, Record

GROUP, LETTERS = "router", "router.dead-letter.v1"
OURS, THEIRS = "case.answered.v1", "case.ordered.v1"
CASE = b"3f0e6b0a-8f2d-5b1c-a7e4-1c2d3e4f5a6b"


NO_VALUE = cast("bytes", None)
"""A header that Kafka carries without a value, whatever the client's types say."""


def record(*headers: tuple[str, bytes], topic: str = OURS, offset: int = 7) -> Record:
    return Record(topic, 0, offset, 0, CASE, b"{}", headers)


def written(message: Message, *, offset: int) -> Record:
    return Record(message.topic, 0, offset, 0, message.key, message.value, message.headers)


def failed(cause: Record, *, offset: int = 17) -> Record:
    letter = dead_letter(cause, to=LETTERS, kind="internal-error", reason="builtins.KeyError")
    return written(letter, offset=offset)


def sent_again(letter: Record, *, group: str = GROUP) -> Record:
    return written(replayed(letter, group=group), offset=8)


def test_a_replay_settles_the_letter_that_came_from_the_same_place() -> None:
    letter = failed(record())

    note = settling(sent_again(letter), group=GROUP, to=LETTERS)

    assert note is not None
    assert settled(written(note, offset=18)) == origin(letter.headers).place == place_of(record())


def test_a_replay_for_one_group_is_none_for_another() -> None:
    replay = sent_again(failed(record()))

    assert replay_origin(replay, group="audit") is None
    assert settling(replay, group="audit", to="audit.dead-letter.v1") is None


def test_a_letter_settles_nothing() -> None:
    assert settled(failed(record())) is None


def test_a_replay_that_fails_again_is_replayed_by_its_own_place() -> None:
    again = failed(sent_again(failed(record())), offset=19)

    assert replay_origin(sent_again(again), group=GROUP) == f"{OURS}/0/8"


GROUPS = ("dl_replay_group", GROUP.encode())


@pytest.mark.parametrize(
    "claimed",
    [
        pytest.param((GROUPS,), id="without an origin"),
        pytest.param((("dl_replay_group", NO_VALUE), ("dl_replay_origin", NO_VALUE)), id="without values"),
        pytest.param((("dl_replay_origin", f"{OURS}/0/7".encode()),), id="for no group"),
        pytest.param((GROUPS, ("dl_replay_origin", f"{OURS}/0/x".encode())), id="no number"),
        pytest.param((GROUPS, ("dl_replay_origin", f"{OURS}/0/{'9' * 30}".encode())), id="no offset"),
        pytest.param((GROUPS, ("dl_replay_origin", f"{OURS}/0/".encode() + b"\xff")), id="no text"),
        pytest.param((GROUPS, ("dl_replay_origin", f"{THEIRS}/0/7".encode())), id="of another topic"),
        pytest.param((GROUPS, ("dl_replay_origin", f"{OURS}/1/7".encode())), id="of another partition"),
        pytest.param((GROUPS, ("dl_replay_origin", f"{OURS}/0/7/8".encode())), id="of no place"),
    ],
)
def test_a_record_that_claims_to_be_a_replay_without_being_one_settles_nothing(
    claimed: tuple[tuple[str, bytes], ...],
) -> None:
    assert replay_origin(record(*claimed), group=GROUP) is None
    assert settling(record(*claimed), group=GROUP, to=LETTERS) is None
