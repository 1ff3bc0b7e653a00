"""The unsettled dead letters of all groups, and what may be shown of one: never content."""

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from aiokafka.structs import TopicPartition
from rich.table import Column, Table

from amtsweg.bus import everything
from amtsweg.exit_status import ANSWERED_NO, MISTAKE
from amtsweg.language import language, said
from amtsweg.terminal import ended
from shared.events.operation import RecordPlace
from shared.events.topic_names import DEAD_LETTER_TOPICS
from shared.events.topics import GROUPS
from shared.kafka.client import KafkaAddress
from shared.kafka.dead_letters import Origin, Settlements, is_letter, letter_name, origin
from shared.kafka.described_topics import describe
from shared.kafka.read_to_end import firsts_of
from shared.kafka.records import Record
from shared.local_time import local_time, utc
from shared.telemetry.reason_words import reason_words

_NUMBER: Final = re.compile(r"([a-z]+):s?[0-9]{1,18}")
_PLACE: Final = re.compile(r"([a-z]+):([a-z][a-z0-9.-]{0,199})/([0-9]{1,6})/([0-9]{1,18})")
_SHOWN: Final = re.compile(r"ce_[a-z]{1,20}|traceparent|content-type")
_TOKEN: Final = re.compile(rb"[A-Za-z0-9._:/+-]{1,80}")


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter and what is known about it. ``name`` is what the list calls it, for example ``router:17``.

    ``gone``: the record that it is about has expired from its topic, so that it can only be given up.
    """

    name: str
    record: Record
    origin: Origin
    gone: bool = False

    @property
    def group(self) -> str:
        """The group that could not read or handle the record."""
        return self.name.partition(":")[0]

    @property
    def place(self) -> RecordPlace:
        """Where its record lies."""
        return RecordPlace(
            topic=self.origin.topic, partition=self.origin.partition, offset=self.origin.offset
        )


@dataclass(frozen=True, slots=True)
class LetterChoice:
    """The letter that an order is about: its group, and where its record lies."""

    name: str
    group: str
    place: RecordPlace


async def unsettled(address: KafkaAddress) -> dict[str, Letter]:
    """The dead letters of all groups that nobody has settled, by name, the oldest of each group first."""
    letters, settlements = list[Letter](), Settlements()
    for record in await everything(address, *DEAD_LETTER_TOPICS):
        if is_letter(record):
            letters.append(Letter(letter_name(record.topic, record.offset), record, origin(record.headers)))
        else:
            settlements.note(record)
    waiting = [
        each
        for each in letters
        if not settlements.covers(each.group, each.origin.place, since_ms=each.origin.first_failure_ms)
    ]
    # A letter that was written twice, after a store came back from the past, is one letter: the last.
    last = {(each.group, each.origin.place): each for each in waiting}
    gone = await _gone(address, {each.place for each in last.values()})
    last = {at: replace(each, gone=each.place in gone) for at, each in last.items()}
    oldest_first = sorted(last.values(), key=lambda each: (each.group, each.origin.first_failure_ms))
    return {each.name: each for each in oldest_first}


async def _gone(address: KafkaAddress, places: AbstractSet[RecordPlace]) -> AbstractSet[RecordPlace]:
    """Which of these records have certainly expired; of a topic that the broker does not know nothing is assumed."""
    known = (await describe(address, {place.topic for place in places})).topics if places else {}
    partitions = {
        place: TopicPartition(place.topic, place.partition)
        for place in places
        if place.topic in known and place.partition < known[place.topic].partitions
    }
    firsts = await firsts_of(address, {*partitions.values()}) if partitions else {}
    return {place for place, tp in partitions.items() if place.offset < firsts[tp]}


def chosen(waiting: Mapping[str, Letter], texts: Iterable[str]) -> list[LetterChoice]:
    """The letters that are named so: by their number in the list, or by group and origin, also where they are lost.

    Ends the command at a name that is none, or at a number that is not in the list.
    """
    return [_chosen(waiting, text) for text in texts]


def _chosen(waiting: Mapping[str, Letter], text: str) -> LetterChoice:
    if (named := _PLACE.fullmatch(text)) is not None and named[1] in GROUPS:
        place = RecordPlace(topic=named[2], partition=int(named[3]), offset=int(named[4]))
        return LetterChoice(text, named[1], place)
    if (numbered := _NUMBER.fullmatch(text)) is None or numbered[1] not in GROUPS:
        raise ended(
            said(
                de=f"{text}: erwartet wird GRUPPE:NUMMER wie in der Liste, zum Beispiel router:17, "
                "oder GRUPPE:TOPIC/PARTITION/OFFSET",
                en=f"{text}: expected is GROUP:NUMBER as in the list, for example router:17, "
                "or GROUP:TOPIC/PARTITION/OFFSET",
            ),
            MISTAKE,
        )
    if text not in waiting:
        raise ended(
            said(
                de=f"{text} ist nicht unerledigt; `amtsweg dead-letters list` zeigt, was es ist.",
                en=f"{text} is not unsettled; `amtsweg dead-letters list` shows what is.",
            ),
            ANSWERED_NO,
        )
    return LetterChoice(text, waiting[text].group, waiting[text].place)


def incidents(waiting: Mapping[str, Letter]) -> list[list[Letter]]:
    """The letters by the record that they are about: one that several groups set aside is one incident."""
    found = dict[RecordPlace, list[Letter]]()
    for letter in waiting.values():
        found.setdefault(letter.place, []).append(letter)
    return list(found.values())


def same_record(letter: Letter, waiting: Mapping[str, Letter]) -> list[str]:
    """What the letters of other groups about the same record are called."""
    return [each.name for each in waiting.values() if each.place == letter.place and each.name != letter.name]


def document(letter: Letter, waiting: Mapping[str, Letter]) -> dict[str, object]:
    """A letter in the list, for programs; nothing that a sender could have written freely."""
    came = letter.origin
    return {
        "number": letter.name,
        "group": letter.group,
        "since": utc(datetime.fromtimestamp(came.first_failure_ms / 1000, UTC)),
        "kind": came.kind,
        "reason": came.reason,
        "reasonText": reason_words(came.reason, language()),
        "topic": came.topic,
        "partition": came.partition,
        "offset": came.offset,
        "attempts": came.attempts,
        "software": came.software,
        "sameRecord": same_record(letter, waiting),
        "recordGone": letter.gone,
        "possible": ["close"] if letter.gone else ["replay", "close"],
    }


def letter_table(waiting: Mapping[str, Letter]) -> Table:
    """The list for people: a row for each record, with the letters of all groups that set it aside."""
    table = Table(
        Column(said(de="Nummer", en="Number"), no_wrap=True),
        said(de="Seit", en="Since"),
        said(de="Art", en="Kind"),
        Column(said(de="Herkunft", en="Origin"), overflow="fold"),
        said(de="Grund", en="Reason"),
        said(de="Möglich", en="Possible"),
    )
    for letters in incidents(waiting):
        first = letters[0]
        told = [reason_words(each.origin.reason, language()) for each in letters]
        whys = (
            told[:1]
            if len({*told}) == 1
            else [f"{e.group}: {why}" for e, why in zip(letters, told, strict=True)]
        )
        table.add_row(
            "\n".join(each.name for each in letters),
            first_failure(first.origin),
            "\n".join(dict.fromkeys(kind_in_words(each.origin.kind) for each in letters)),
            first.origin.place,
            "\n".join(whys),
            possible(first),
        )
    return table


def facts(letter: Letter, waiting: Mapping[str, Letter]) -> dict[str, str]:
    """What may be shown of a dead letter: nothing that a sender could have written freely."""
    came = letter.origin
    also = same_record(letter, waiting)
    others = sum(not _SHOWN.fullmatch(name) for name, _ in came.headers)
    return {
        said(de="Nummer", en="Number"): letter.name,
        said(de="Art", en="Kind"): kind_in_words(came.kind),
        said(de="Grund", en="Reason"): reason_words(came.reason, language()),
        said(de="Herkunft", en="Origin"): f"{came.topic}, Partition {came.partition}, Offset {came.offset}",
        **({said(de="Derselbe Datensatz", en="The same record"): ", ".join(also)} if also else {}),
        said(de="Seit", en="Since"): first_failure(came),
        said(de="Versuche bis dahin", en="Attempts until then"): str(came.attempts),
        said(de="Programmstand", en="Software"): came.software,
        said(de="Inhalt", en="Content"): _content(came),
        said(de="Möglich", en="Possible"): possible(letter),
        **{name: _shown(header) for name, header in came.headers if _SHOWN.fullmatch(name)},
        said(de="Weitere", en="More"): f"{others} {said(de='Kopfzeilen', en='headers')}",
    }


def possible(letter: Letter) -> str:
    """What can still be done with it."""
    if letter.gone:
        return said(
            de="nur aufgeben: der Datensatz ist abgelaufen (close --reason expired)",
            en="only to give it up: the record has expired (close --reason expired)",
        )
    return said(de="neu versuchen (replay), aufgeben (close)", en="to try again (replay), to give up (close)")


def kind_in_words(kind: str) -> str:
    """What was wrong with a record, in words; the key itself where a newer release knows more."""
    words = {
        "undecodable": said(de="nicht lesbar", en="unreadable"),
        "internal-error": said(de="Fehler im Dienst", en="error of the service"),
    }
    return words.get(kind, kind)


def _content(came: Origin) -> str:
    if came.length < 0:
        return said(de="keiner", en="none")
    return f"{came.length} Bytes, SHA-256 {came.digest}"


def _shown(header: bytes | None) -> str:
    if header is None:
        return said(de="ohne Wert", en="without a value")
    return header.decode() if _TOKEN.fullmatch(header) else f"{len(header)} Bytes"


def first_failure(came: Origin) -> str:
    """When the record failed first, as a person reads it."""
    return local_time(datetime.fromtimestamp(came.first_failure_ms / 1000, UTC), language(), seconds=True)
