"""Where there are three brokers, each record is kept by three and counts as written once two have it."""

import pytest

from amtsweg.stack.errors import StackError
from amtsweg.stack.provision.copies import check_copies, copies, in_sync


@pytest.mark.parametrize("brokers", [3, 5])
def test_with_three_brokers_there_are_three_copies_and_two_must_be_in_sync(brokers: int) -> None:
    assert (copies(brokers), in_sync(brokers)) == (3, {"min.insync.replicas": "2"})


@pytest.mark.parametrize("brokers", [1, 2])
def test_fewer_brokers_decide_for_themselves(brokers: int) -> None:
    assert (copies(brokers), in_sync(brokers)) == (-1, {})
    check_copies({"case.updated.v1": [1]}, brokers=brokers, ours=["case.updated.v1"])


@pytest.mark.parametrize("topic", ["case.updated.v1", "__consumer_offsets", "__transaction_state"])
def test_a_topic_with_too_few_copies_is_named_with_what_to_do(topic: str) -> None:
    found = {"case.updated.v1": [3, 3], "__consumer_offsets": [3], topic: [3, 1, 3]}
    with pytest.raises(StackError, match=rf"{topic}.*kafka-reassign-partitions"):
        check_copies(found, brokers=3, ours=["case.updated.v1"])


def test_enough_copies_and_other_peoples_topics_are_no_matter() -> None:
    check_copies({"case.updated.v1": [3, 3], "theirs": [1]}, brokers=3, ours=["case.updated.v1", "new.v1"])
