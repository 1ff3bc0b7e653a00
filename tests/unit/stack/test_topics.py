"""The topics that are created are those of the catalogue, with its partitions and its retention."""

import pytest

from amtsweg.stack.provision.topics import wanted
from shared.events.topic_names import dead_letter_topic, sealed_dead_letter_topic
from shared.events.topics import CATALOGUE, GROUPS, consumed_by

AUTHORITIES = ["g-06531005", "hwk-wiesbaden"]


def test_exactly_the_topics_of_the_catalogue_are_created() -> None:
    names = [topic.name for topic in wanted(AUTHORITIES)]
    assert sorted(names) == sorted(
        [
            *(topic.name for topic in CATALOGUE if not topic.per_authority),
            *(f"authority.{authority}.inbox.v1" for authority in AUTHORITIES),
            *(f"{group}.dead-letter.v1" for group in GROUPS),
            *(f"{group}.sealed-dead-letter.v1" for group in GROUPS),
        ]
    )


@pytest.mark.parametrize("chosen", [1, 3, 48])
def test_partitions_are_those_chosen_and_sizes_the_catalogues(chosen: int) -> None:
    made = {topic.name: topic for topic in wanted(AUTHORITIES, partitions=chosen)}
    for topic in CATALOGUE:
        found = made[topic.for_authority("g-06531005")]
        assert found.partitions == (1 if topic.single else chosen)
        assert found.settings["max.message.bytes"] == str(topic.max_bytes)


def test_sealed_data_is_gone_a_day_after_its_retention() -> None:
    made = {topic.name: topic.settings for topic in wanted(AUTHORITIES)}
    inbox = made["authority.g-06531005.inbox.v1"]
    assert inbox["cleanup.policy"] == "delete"
    assert int(inbox["retention.ms"]) + int(inbox["segment.ms"]) == 31 * 24 * 3600 * 1000


def test_a_compacted_topic_forgets_a_closed_case_within_a_day_of_its_segment() -> None:
    held = {topic.name: topic.settings for topic in wanted([])}["submission.held.v1"]
    assert held["cleanup.policy"] == "compact"
    assert held["max.compaction.lag.ms"] == held["segment.ms"] == str(24 * 3600 * 1000)
    assert "retention.ms" not in held


def test_letters_of_sealed_records_are_kept_as_long_as_these_and_all_others_as_long_as_theirs() -> None:
    made = {topic.name: topic.settings for topic in wanted([])}
    for group in GROUPS:
        for topic in consumed_by(group):
            letters = made[(sealed_dead_letter_topic if topic.sealed else dead_letter_topic)(group)]
            kept, records_kept = int(letters["retention.ms"]), int(made[topic.name]["retention.ms"])
            forever = records_kept == -1
            assert kept <= records_kept if topic.sealed else forever or kept >= records_kept
            assert letters["message.timestamp.type"] == "CreateTime"


def test_dead_letters_have_room_for_what_is_added_to_the_largest_record() -> None:
    made = {topic.name: int(topic.settings["max.message.bytes"]) for topic in wanted([])}
    assert made["router.dead-letter.v1"] > max(topic.max_bytes for topic in CATALOGUE)
