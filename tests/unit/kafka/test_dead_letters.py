from dataclasses import replace
from typing import cast

import pytest

from shared.kafka.dead_letters import Blocked, dead_letter, is_replay, replayed, settling
from shared.kafka.records import Message, Record

LETTERS = "router.dead-letter.v1"
OURS, THEIRS = "submission.received.v1", "case.answered.v1"
CASE = b"3f0e6b0a-8f2d-5b1c-a7e4-1c2d3e4f5a6b"


NO_VALUE = cast("bytes", None)
"""A header that Kafka carries without a value, whatever the client's types say."""


def input_record(*headers: tuple[str, bytes], topic: str = OURS) -> Record:
    return Record(topic, 0, 7, 0, CASE, b"{}", headers)


def written(message: Message, *, offset: int) -> Record:
    return Record(message.topic, 0, offset, 0, message.key, message.value, message.headers)


def failed(record: Record, *, offset: int = 17) -> Record:
    letter = dead_letter(record, to=LETTERS, kind="internal-error", reason="builtins.KeyError")
    return written(letter, offset=offset)


def sent_again(letter: Record, *, offset: int = 8) -> Record:
    return written(replayed(letter), offset=offset)


def blocked_by(*notes: Record) -> Blocked:
    blocked = Blocked()
    for note in notes:
        blocked.note(note)
    return blocked


def settled(record: Record, *, offset: int = 18) -> Record:
    note = settling(record, to=LETTERS)
    assert note is not None
    return written(note, offset=offset)


def test_a_case_is_blocked_until_its_dead_letter_is_replayed() -> None:
    letter = failed(input_record())

    assert blocked_by(letter).holds(input_record(), own_topic=False)
    assert not blocked_by(letter, settled(sent_again(letter))).holds(input_record(), own_topic=False)


def test_where_strangers_write_their_dead_letters_block_their_own_topic_alone() -> None:
    blocked = blocked_by(failed(input_record(topic=THEIRS)))

    assert blocked.holds(input_record(topic=THEIRS), own_topic=True)
    assert not blocked.holds(input_record(topic=OURS), own_topic=True)


@pytest.mark.parametrize(
    "claimed",
    [
        pytest.param((("dl_replay", b"17"),), id="without an origin"),
        pytest.param((("dl_replay", NO_VALUE), ("dl_replay_origin", NO_VALUE)), id="without values"),
        pytest.param((("dl_replay", b"x"), ("dl_replay_origin", f"{OURS}/0/7".encode())), id="no number"),
        pytest.param(
            (("dl_replay", b"9" * 30), ("dl_replay_origin", f"{OURS}/0/7".encode())), id="no offset"
        ),
        pytest.param((("dl_replay", b"17"), ("dl_replay_origin", f"{THEIRS}/0/7".encode())), id="of another"),
        pytest.param(
            (("dl_replay", b"17"), ("dl_replay_origin", f"{OURS}/0/7/8".encode())), id="of no place"
        ),
    ],
)
def test_a_record_that_claims_to_be_a_replay_without_being_one_settles_nothing(
    claimed: tuple[tuple[str, bytes], ...],
) -> None:
    record = input_record(*claimed)

    assert not is_replay(record)
    assert settling(record, to=LETTERS) is None


def test_nobody_settles_another_topics_dead_letter() -> None:
    theirs = failed(input_record(topic=THEIRS))
    forged = input_record(("dl_replay", b"17"), ("dl_replay_origin", f"{OURS}/0/7".encode()))

    blocked = blocked_by(theirs, settled(forged))

    assert blocked.holds(replace(input_record(), topic=THEIRS), own_topic=True)
